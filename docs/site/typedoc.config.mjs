// How TypeDoc makes the site: an API page for each entry of the package, and the guides of docs/ beside them. Every warning is an error.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { guides } from './guides.mjs';
import { mathInCode } from './math.mjs';

/** @param {string} path from the root of the repository */
const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** @type {{ version: string, exports: Record<string, string | { types: string }> }} */
const { version, exports } = JSON.parse(readFileSync(at('package.json'), 'utf8'));

/** The sources of the package's entries: what `types` names in dist/ is built from the file of the same name in src/. */
const entries = Object.values(exports)
  .map((entry) => (typeof entry === 'object' ? entry.types : ''))
  .filter((types) => types.endsWith('.d.ts') && !types.endsWith('/wasm.d.ts'))
  .map((types) => types.replace('./dist/', 'src/').replace('.d.ts', '.ts'))
  .reverse(); // `saccade` itself last: a name's page is that of its room

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: `Saccade ${version}`,
  tsconfig: at('tsconfig.build.json'),
  entryPoints: entries.map(at),
  projectDocuments: guides.flatMap(({ files }) => files).map(at),
  readme: at('README.md'),
  out: at('build/site'),
  plugin: [at('docs/site/plugin.mjs')],
  customCss: at('docs/site/site.css'),
  markdownItLoader: mathInCode,
  highlightLanguages: ['ts', 'js', 'sh', 'html', 'json'],

  excludePrivate: true,
  excludeInternal: true,
  intentionallyNotExported: ['src/tensor/random.ts:Tuples'], // a table in a type, no type of its own
  sort: ['documents-first', 'alphabetical-ignoring-documents'],
  defaultCategory: 'API',
  sortEntryPoints: false,
  categorizeByGroup: false,
  categoryOrder: guides.map(({ title }) => title),
  headings: { readme: false, document: false },
  navigation: { includeCategories: true, includeGroups: false, excludeReferences: true },
  searchInDocuments: true,
  disableGit: true,
  sourceLinkTemplate: 'https://github.com/saccade-js/saccade/blob/main/{path}#L{line}',
  basePath: at('.'),
  hideGenerator: true,
  githubPages: false,

  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true, notDocumented: true },
  requiredToBeDocumented: ['Module', 'Class', 'Interface', 'Function', 'TypeAlias', 'Variable', 'Method'],
};
