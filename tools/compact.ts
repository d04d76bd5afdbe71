/**
 * What ajv writes out at each of thousands of places, said by a few functions instead: a third of the text to read at
 * start, and errors are joined in place up to a bound, where ajv copies the whole list for each nested fault.
 */

/** Errors kept of one resource; the first ones are enough to mend it, and a hostile body may hold a million. */
const MAX_ERRORS = 50;

/** The functions that compacted code calls. A validator takes the value, its place, what it stands in and the root. */
export const COMPACT_HEADER = `const join = (to, more) => {
  if (to === null) return more;
  for (let i = 0; i < more.length && to.length < ${MAX_ERRORS}; i++) to.push(more[i]);
  return to;
};
const told = (to, instancePath, params) => {
  if (to === null) return [{ instancePath, params }];
  if (to.length < ${MAX_ERRORS}) to.push({ instancePath, params });
  return to;
};
const one = (to, validate, value, path, parent, root) =>
  validate(value, path, parent, root) ? to : join(to, validate.errors);
const each = (to, validate, list, path, root) => {
  if (!Array.isArray(list)) return told(to, path, { what: 'list' });
  if (list.length === 0) return told(to, path, { what: 'empty' });
  for (let i = 0; i < list.length; i++) {
    if (!validate(list[i], path + '/' + i, list, root)) to = join(to, validate.errors);
  }
  return to;
};
`;

/** An expression of ajv that holds no statement. */
const PART = '((?:(?!const err)[^;])*?)';

const REWRITES: readonly [pattern: RegExp, by: string | ((...parts: string[]) => string)][] = [
  [/export const (\w+) = (validate\d+);/g, 'const $1 = $2;'],
  [/"use strict";|schemaPath:"[^"]*",|\/\*# sourceURL="[^"]*" \*\//g, ''],
  [
    new RegExp(
      `const (err\\d+) = \\{instancePath(?::${PART})?,keyword:"[^"]*",params:${PART}\\};if\\(vErrors === null\\)\\{vErrors = \\[\\1\\];\\}else \\{vErrors\\.push\\(\\1\\);\\}`,
      'g',
    ),
    (_whole, _name, path = 'instancePath', params = '') => `vErrors = told(vErrors, ${path}, ${params});`,
  ],
  [
    /\{instancePath="", parentData, parentDataProperty, rootData=data\}=\{\}/g,
    'instancePath = "", parentData = undefined, rootData = data',
  ],
  [
    new RegExp(
      `if\\(!\\(([\\w.]+)\\(([\\w.[\\]]+), \\{instancePath(?::${PART})?,parentData(?::(\\w+))?,parentDataProperty[^}]*,rootData\\}\\)\\)\\)\\{vErrors = vErrors === null \\? \\1\\.errors : vErrors\\.concat\\(\\1\\.errors\\);errors = vErrors\\.length;\\}`,
      'g',
    ),
    (_whole, validate = '', value = '', path = 'instancePath', parent = 'parentData') =>
      `vErrors = one(vErrors, ${validate}, ${value}, ${path}, ${parent}, rootData);`,
  ],
  [/let errors = 0;|errors\+\+;/g, ''],
  [/errors === 0/g, 'vErrors === null'],
  [
    /if\(!Array\.isArray\((data\d*)\)\)\{vErrors = told\(vErrors, (instancePath\+"[^"]*"), \{what: "list"\}\);\}else \{if\(\1\.length === 0\)\{vErrors = told\(vErrors, \2, \{what: "empty"\}\);\}for\(let (i\d+)=0; \3<\1\.length; \3\+\+\)\{vErrors = one\(vErrors, ([\w.]+), \1\[\3\], [^,;]*, \1, rootData\);\}\}/g,
    'vErrors = each(vErrors, $4, $1, $2, rootData);',
  ],
];

/** Throws when ajv writes something that is not known here. */
export function compacted(code: string): string {
  let text = code;
  for (const [pattern, by] of REWRITES) text = text.replace(pattern, by as string);
  const left = /\.concat\(|const err\d|(?<![\w.])errors\b|parentDataProperty/.exec(text);
  if (left) throw new Error(`ajv writes what is not known here: ${text.slice(left.index - 200, left.index + 100)}`);
  return text;
}
