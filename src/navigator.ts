/**
 * The `navigator` of Node 21 and later, where there is none: without it `pg` makes a Response to see where it runs, which loads all of fetch,
 * a fifteenth of a start on Node 20. Imported before anything that imports `pg`.
 */
if (typeof navigator === 'undefined') {
  const [major = ''] = process.versions.node.split('.');
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: `Node.js/${major}` }, configurable: true });
}

export {};
