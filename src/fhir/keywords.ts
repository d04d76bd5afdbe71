import { _, type Code, type CodeKeywordDefinition, type KeywordCxt, Name, str, stringify } from 'ajv';

/** What one error of a generated validator says, beside the place (`instancePath`). Read by `validate-structure.ts`. */
export type Detail =
  | { what: 'unknown' | 'missing'; name: string }
  | { what: 'choice'; name: string; other: string; stem: string }
  | { what: 'empty' | 'list' | 'null' | 'resource' }
  | { what: 'format'; type: string }
  | { what: 'code' | 'coding'; valueSet: string }
  | { what: 'target'; types: string[] }
  | { what: 'invariant'; key: string };

/** The value sets that are enumerated: canonical to codes, and canonical to `system|code`. */
export interface Enumerations {
  readonly codes: (valueSet: string) => readonly string[];
  readonly codings: (valueSet: string) => readonly string[];
}

const ROOT = new Name('rootData');
const error = { message: '', params: ({ params }: { params: Record<string, unknown> }): Code => params.detail as Code };

function fail(cxt: KeywordCxt, detail: Code): void {
  cxt.setParams({ detail });
  cxt.error();
}

/** A function that the generated module imports. */
const imported = (cxt: KeywordCxt, code: Code): Name =>
  cxt.gen.scopeValue('func', { ref: code.toString(), key: code.toString(), code });

/** A constant of the generated module. */
const constant = (cxt: KeywordCxt, code: Code): Name =>
  cxt.gen.scopeValue('obj', { ref: code.toString(), key: code.toString(), code });

/**
 * `elements`, `choices`, `needs`, `element`: one loop over the keys that the data has, since a FHIR type defines many more
 * than come (measured: three times as fast as asking for each name).
 */
const elements: CodeKeywordDefinition = {
  keyword: 'elements',
  type: 'object',
  schemaType: 'object',
  error,
  code(cxt) {
    const { gen, data, schema, parentSchema } = cxt;
    const choices: Record<string, string[]> = parentSchema.choices ?? {};
    const content = parentSchema.element ? gen.let('content', false) : undefined;
    const seen = new Map(Object.keys(choices).map((stem) => [stem, gen.let('seen', _`undefined`)]));
    const stemOf = new Map(Object.entries(choices).flatMap(([stem, names]) => names.map((name) => [name, stem])));
    gen.forIn('key', data, (key) => {
      // A statement of the code generator ends in a semicolon, which may not stand before the first case.
      gen.code(_`switch (${key}) { case undefined:`);
      for (const name of Object.keys(schema)) {
        gen.code(_`break; case ${name}: {`);
        if (content && name !== 'id') gen.assign(content, true);
        const plain = name.replace(/^_/, '');
        const stem = stemOf.get(plain);
        const before = stem === undefined ? undefined : seen.get(stem);
        if (before) {
          gen.if(_`${before} !== undefined && ${before} !== ${plain}`, () =>
            fail(cxt, _`{what: "choice", name: ${plain}, other: ${before}, stem: ${stem}}`),
          );
          gen.assign(before, _`${plain}`);
        }
        if (Object.keys(schema[name]).length > 0) {
          if (stem === undefined) {
            cxt.subschema({ keyword: 'elements', schemaProp: name, dataProp: name }, gen.name('valid'));
          } else {
            named(cxt, `${name}:${stem}`, () =>
              cxt.subschema(
                { keyword: 'elements', schemaProp: name, data: _`${data}${prop(name)}` },
                gen.name('valid'),
              ),
            );
          }
        }
        gen.code(_`}`);
      }
      gen.code(_`break; default:`);
      fail(cxt, _`{what: "unknown", name: ${key}}`);
      gen.code(_`}`);
    });
    for (const name of parentSchema.needs ?? []) {
      const there = seen.get(name);
      const sibling = `_${name}` in schema ? _` && ${data}${prop(`_${name}`)} === undefined` : _``;
      gen.if(there ? _`${there} === undefined` : _`${data}${prop(name)} === undefined${sibling}`, () =>
        fail(cxt, _`{what: "missing", name: ${there ? `${name}[x]` : name}}`),
      );
    }
    if (content) gen.if(_`!${content}`, () => fail(cxt, _`{what: "empty"}`));
  },
};

/** An array with at least one item; primitives and their siblings are padded with null to stand side by side. */
const list: CodeKeywordDefinition = {
  keyword: 'list',
  schemaType: 'object',
  error,
  code(cxt) {
    const { gen, data, parentSchema, it } = cxt;
    gen.if(
      _`!Array.isArray(${data})`,
      () => fail(cxt, _`{what: "list"}`),
      () => {
        gen.if(_`${data}.length === 0`, () => fail(cxt, _`{what: "empty"}`));
        const beside =
          parentSchema.padded === undefined
            ? undefined
            : gen.const('beside', _`${it.parentData}${prop(parentSchema.padded)}`);
        gen.forRange('i', 0, _`${data}.length`, (i) => {
          const item = () => cxt.subschema({ keyword: 'list', dataProp: i, dataPropType: 0 }, gen.name('valid'));
          if (!beside) item();
          else {
            gen.if(
              _`${data}[${i}] === null`,
              () =>
                gen.if(_`!Array.isArray(${beside}) || ${beside}[${i}] === null || ${beside}[${i}] === undefined`, () =>
                  named(cxt, i, () => fail(cxt, _`{what: "null"}`)),
                ),
              item,
            );
          }
        });
      },
    );
  },
};

/** `_name` with nothing but an id needs the value beside it. */
const sibling: CodeKeywordDefinition = {
  keyword: 'sibling',
  schemaType: 'string',
  error,
  code(cxt) {
    const { gen, data, schema, it } = cxt;
    const check = imported(cxt, _`saysSomething`);
    gen.if(_`!${check}(${data}, ${it.parentData}${prop(schema)})`, () => fail(cxt, _`{what: "empty"}`));
  },
};

const primitive: CodeKeywordDefinition = {
  keyword: 'primitive',
  schemaType: 'string',
  error,
  code(cxt) {
    const { gen, data, schema } = cxt;
    const check = imported(cxt, _`PRIMITIVES${prop(schema)}`);
    gen.if(_`!${check}(${data})`, () => fail(cxt, _`{what: "format", type: ${schema}}`));
  },
};

const invariants: CodeKeywordDefinition = {
  keyword: 'invariants',
  type: 'object',
  schemaType: 'array',
  error,
  code(cxt) {
    const { gen, data, schema, it } = cxt;
    for (const key of schema as string[]) {
      const holds = imported(cxt, _`INVARIANTS${prop(key)}`);
      gen.if(_`!${holds}(${data}, ${ROOT}, ${it.parentData})`, () => fail(cxt, _`{what: "invariant", key: ${key}}`));
    }
  },
};

const targets: CodeKeywordDefinition = {
  keyword: 'targets',
  type: 'object',
  schemaType: 'array',
  error,
  code(cxt) {
    const { gen, data, schema } = cxt;
    const types = constant(cxt, _`new Set(${stringify(schema)})`);
    const check = imported(cxt, _`mayPointAt`);
    gen.if(_`!${check}(${data}, ${types}, R4_TYPES, ${ROOT})`, () =>
      fail(cxt, _`{what: "target", types: [...${types}]}`),
    );
  },
};

/** One of the types that have a validator; any other resource type of R4 is looked at loosely. */
const resources: CodeKeywordDefinition = {
  keyword: 'resources',
  type: 'object',
  schemaType: 'object',
  error,
  code(cxt) {
    const { gen, data, schema } = cxt;
    gen.code(_`switch (${data}.resourceType) { case undefined:`);
    fail(cxt, _`{what: "resource"}`);
    for (const name of Object.keys(schema)) {
      gen.code(_`break; case ${name}: {`);
      cxt.subschema({ keyword: 'resources', schemaProp: name }, gen.name('valid'));
      gen.code(_`}`);
    }
    gen.code(_`break; default:`);
    const check = imported(cxt, _`isLooselyResource`);
    gen.if(_`!${check}(${data})`, () => fail(cxt, _`{what: "resource"}`));
    gen.code(_`}`);
  },
};

/** Errors of what `generate` makes are placed at `step`: ajv knows JSON names only, and we want a choice's element too. */
function named(cxt: KeywordCxt, step: string | Name, generate: () => void): void {
  const it = cxt.it as { errorPath: Code };
  const outer = it.errorPath;
  it.errorPath = str`${outer}/${step}`;
  generate();
  it.errorPath = outer;
}

const prop = (name: string): Code => (/^[A-Za-z_]\w*$/.test(name) ? _`.${new Name(name)}` : _`[${name}]`);

/** The vocabulary of `FhirSchema` as code generators for ajv. */
export const keywords = (enumerations: Enumerations): (CodeKeywordDefinition | string)[] => [
  elements,
  'choices',
  'needs',
  'element',
  'padded',
  'advice',
  'extensible',
  list,
  sibling,
  primitive,
  bound('codes', 'string', enumerations.codes),
  bound('codings', 'object', enumerations.codings),
  targets,
  invariants,
  resources,
];

/** A required binding. */
function bound(
  keyword: 'codes' | 'codings',
  type: 'string' | 'object',
  enumerate: (valueSet: string) => readonly string[],
): CodeKeywordDefinition {
  return {
    keyword,
    type,
    schemaType: 'string',
    error,
    code(cxt) {
      const { gen, data, schema } = cxt;
      const set = constant(cxt, _`new Set(${stringify(enumerate(schema))})`);
      const test = keyword === 'codes' ? _`${set}.has(${data})` : _`${imported(cxt, _`isBound`)}(${data}, ${set})`;
      gen.if(_`!${test}`, () => fail(cxt, _`{what: ${keyword.slice(0, -1)}, valueSet: ${schema}}`));
    },
  };
}
