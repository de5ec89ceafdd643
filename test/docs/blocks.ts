/** A block of code in a document. */
export interface Block {
  document: string;
  /** Where it begins. */
  line: number;
  /** The text after the fence, its first word, and the name of a file if one follows. */
  mark: string;
  language: string;
  name?: string;
  /** Whether it runs in Node. */
  run: boolean;
  code: string;
}

/** Whether it needs a page. */
const ofPage = /^(page|worker)\b/;

/** Every block of a document. */
export const blocks = (document: string, text: string): Block[] =>
  [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```/gm)].map(([, fence = '', code = ''], i, { [i]: match }) => {
    const mark = fence.trim();
    const [language = '', word] = mark.split(' ');
    const line = text.slice(0, match?.index).split('\n').length;
    const name = word?.includes('.') ? { name: word } : {};
    return { document, line, mark, language, ...name, run: language === 'ts' && word !== 'no-run' && !ofPage.test(word ?? ''), code };
  });
