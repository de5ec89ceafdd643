// What TypeDoc is told besides its options: modules are called as they are imported, documents as their first heading says, and stand in
// the menu under the headings of guides.mjs.
import { readFileSync } from 'node:fs';
import { Application, Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';
import { guides } from './guides.mjs';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, declaration) => {
    if (declaration.kindOf(ReflectionKind.Module)) declaration.name = declaration.name.replace(/^src\b/, 'saccade').replace(/\/index$/, '');
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    project.children?.sort((a, b) => (a.name < b.name ? -1 : 1));
  });
  // A comment may link to what any room exports, and not only to what its own file imports.
  app.converter.addUnknownSymbolResolver((reference, reflection) => {
    const [name, ...members] = (reference.symbolReference?.path ?? []).map(({ path }) => path);
    const modules = reflection?.project.children ?? [];
    const found = modules.flatMap(({ children = [] }) => children).find((child) => child.name === name && !child.isReference());
    const target = members.reduce((/** @type {any} */ at, member) => at?.getChildByName(member), found);
    return target && { target };
  });
  // `requiredToBeDocumented` knows no difference between what users write into an interface and the fields of a class.
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const property of project.getReflectionsByKind(ReflectionKind.Property)) {
      if (!property.parent?.kindOf(ReflectionKind.Interface) || property.hasComment()) continue;
      if (property.isDeclaration() && property.inheritedFrom) continue; // what it extends is where it is said
      app.logger.validationWarning(`${property.getFriendlyFullName()}, a property of an interface, does not have any documentation`);
    }
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const heading = document.content.find(({ kind }) => kind === 'text');
    const title = /^# (.+)$/m.exec(heading?.text ?? '')?.[1];
    if (!title) throw new Error(`docs: each page must begin with a heading, got ${document.name}`);
    const file = guides.find(({ files }) => files.some((path) => isPage(path, title)));
    document.name = title;
    document.comment = new Comment([], [new CommentTag('@category', [{ kind: 'text', text: file?.title ?? 'Others' }])]);
  });
}

/** @param {string} path @param {string} title */
const isPage = (path, title) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8').startsWith(`# ${title}\n`);
