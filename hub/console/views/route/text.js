// The text of a route as people read it: a clause a line, its words in light colours, and the checker's marks under
// the exact places. All of it is text nodes; a mark is no part of what is copied.
import {h, replace} from '../../lib/dom.js';
import {visibleText} from '../../lib/body.js';

const CLAUSES = /^(?:FROM|TIMESTAMP|WHERE|GROUP|HAVING|INTO)$/i;
const WORDS = new RegExp('^(?:SELECT|FROM|TIMESTAMP|BY|WHERE|GROUP|HAVING|INTO|AS|AND|OR|NOT|OVER|FILTER|' +
  'true|false|null|undefined)$', 'i');
const LONG = 90;           // characters, after which a line is broken at a comma, AND or OR
const COLOURED = 20_000;   // characters: what is longer is shown plainly
// A path of a source, a comment, quoted texts, blanks, names and numbers, any other character.
const TOKENS = new RegExp([/\/(?=[A-Za-z$])[^\s,()]*/, /\/\*[^]*?(?:\*\/|$)/, /'(?:[^']|'')*'?/, /"(?:[^"\\]|\\.)*"?/,
  /[^\S\n]+/, /[$\w][^\s()<>@,;:\\"/[\]?={}']*/, /[^]/].map(({source}) => source).join('|'), 'g');

function kindOf(token) {
  if (token.startsWith('/*')) return 'comment';
  if (token[0] === '\'' || token[0] === '"' || token[0] === '/' && token.length > 1) return 'quoted';
  if (/^\d/.test(token)) return 'number';
  if (token[0] === '$') return 'value';
  return WORDS.test(token) ? 'word' : '';
}

const isBlank = (token) => /^[^\S\n]+$/.test(token);

// Lines of {text, kind, at}, `at` being the place in the text that was given. `folded`: also broken before each clause.
function linesOf(text, folded) {
  if (text.length > COLOURED) return plainLines(text);
  const lines = [[]];
  let depth = 0;
  let width = 0;
  const breakAt = (indent, at) => {
    const line = lines[lines.length - 1];
    while (line.length && isBlank(line[line.length - 1].text)) line.pop();
    if (!line.length && folded) lines.pop();
    lines.push(indent ? [{text: indent, kind: '', at, made: true}] : []);
    width = 0;
  };
  for (const {0: token, index} of text.matchAll(TOKENS)) {
    const line = lines[lines.length - 1];
    if (token === '\n') {
      breakAt('', index);
      continue;
    }
    if (folded && depth === 0) {
      if (CLAUSES.test(token) && index > 0 && line.some(({text}) => !isBlank(text))) breakAt('', index);
      else if (width > LONG && /^(?:AND|OR)$/i.test(token)) breakAt('  ', index);
    }
    const now = lines[lines.length - 1];
    if (folded && isBlank(token) && (!now.length || now.every(({made}) => made))) continue;
    now.push({text: token, kind: kindOf(token), at: index});
    width += token.length;
    if (token === '(') ++depth;
    else if (token === ')') depth = Math.max(0, depth - 1);
    else if (token === ',' && folded && depth === 0 && width > LONG) breakAt('  ', index + 1);
  }
  return lines;
}

function plainLines(text) {
  let at = 0;
  return text.split('\n').map((line) => {
    const one = [{text: line, kind: '', at}];
    at += line.length + 1;
    return one;
  });
}

// The place of a finding in the text: its line and column count characters from one.
function offsetOf(text, {line, column}) {
  const lines = text.split('\n');
  if (line < 1 || line > lines.length) return -1;
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + [...lines[line - 1]].slice(0, column - 1).join('').length;
}

const shown = (text) => visibleText(text.replaceAll('\t', '  '));

// Columns before a place in a line, as it is shown.
function columnOf(line, at) {
  let column = 0;
  for (const token of line) {
    if (!token.made && token.at + token.text.length > at) return column +
      [...shown(token.text.slice(0, Math.max(0, at - token.at)))].length;
    column += [...shown(token.text)].length;
  }
  return column;
}

function lineAt(lines, offset) {
  let found = 0;
  lines.forEach((line, i) => {
    if (line.length && line[0].at <= offset) found = i;
  });
  return found;
}

function markNode(line, offset, finding) {
  const carets = Math.max(1, (/^ *(\^+) *$/m.exec(finding.text ?? '')?.[1] ?? '^').length);
  const column = columnOf(line, offset);
  const width = line.reduce((sum, {text}) => sum + [...shown(text)].length, 0);
  const pad = ' '.repeat(column);
  return h('span', {class: 'route-mark ' + finding.severity},
    '\n' + pad + '^'.repeat(Math.max(1, Math.min(carets, width - column))),
    '\n' + pad + finding.severity + ': ' + shown(finding.message),
    finding.suggestion ? '\n' + pad + 'help: ' + shown(finding.suggestion) : '');
}

// A box of text: show(text, findings, {folded}) writes only what differs.
export function textBox(label) {
  const element = h('pre', {class: 'route-text', tabindex: '0', role: 'group', 'aria-label': label});
  let drawn = '';
  return {
    element,
    show(text, findings = [], {folded = true} = {}) {
      const key = JSON.stringify([text, findings, folded]);
      if (key === drawn) return;
      drawn = key;
      const lines = linesOf(text, folded);
      const placed = findings.map((finding) => ({finding, offset: offsetOf(text, finding)}));
      const marks = new Map();
      for (const one of placed) {
        if (one.offset < 0) continue;
        const i = lineAt(lines, one.offset);
        marks.set(i, [...marks.get(i) ?? [], one]);
      }
      const nodes = lines.map((line, i) => [i > 0 ? '\n' : null,
        line.map(({text, kind}) => kind ? h('span', {class: 'route-' + kind}, shown(text)) : shown(text)),
        (marks.get(i) ?? []).map(({finding, offset}) => markNode(line, offset, finding))]);
      const loose = placed.filter(({offset}) => offset < 0).map(({finding}) =>
        h('span', {class: 'route-mark ' + finding.severity}, '\n' + finding.severity + ': ' + shown(finding.message) +
          (finding.suggestion ? '\nhelp: ' + shown(finding.suggestion) : '')));
      replace(element, nodes, loose);
    },
  };
}
