import type { TestApp } from './app.ts';

/** Creates resources by name; `@name` in texts and paths becomes the id of what was created under that name. */
export async function fill(app: TestApp, named: Record<string, object>): Promise<Searcher> {
  const ids = new Map<string, string>();
  const known = (text: string): string => text.replace(/@([a-z][a-z0-9-]*)/gi, (all, name) => ids.get(name) ?? all);
  for (const [name, resource] of Object.entries(named)) {
    const { resourceType } = resource as { resourceType: string };
    const { status, body } = await app.send('POST', `/${resourceType}`, known(JSON.stringify(resource)));
    if (status !== 201) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
    ids.set(name, body.id);
  }
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  const nameOf = (id: string): string => names.get(id) ?? id;
  return {
    known,
    async find(path, form) {
      const { status, body } =
        form === undefined
          ? await app.send('GET', known(path))
          : await app.send('POST', known(path), known(form), { 'content-type': 'application/x-www-form-urlencoded' });
      const entries: { resource: { id: string }; search: { mode: string } }[] = body?.entry ?? [];
      const of = (mode: string): string[] =>
        entries.filter(({ search }) => search.mode === mode).map(({ resource }) => nameOf(resource.id));
      return { status, body, names: of('match'), included: of('include') };
    },
  };
}

export interface Searcher {
  /** A text with the ids in place of the names. */
  known(text: string): string;
  /** What a search finds, by name, in its order; by POST where a form is given. */
  find(path: string, form?: string): Promise<SearchAnswer>;
}

export interface SearchAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came and fails where it is not what it expects
  body: any;
  names: string[];
  included: string[];
}
