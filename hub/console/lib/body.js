// The body of a message as people read it: JSON indented, text, or bytes in hexadecimal with their ASCII. What is long
// is cut, with a button for the rest. Everything is text: a body that is markup is shown as markup, and runs nothing.
//
//   root.append(bodyView(message));   // with `payload` (UTF-8), `payload_base64`, or null: not for this user
import {h, setText} from './dom.js';
import {bytes, percent} from './format.js';

const FIRST = 4_096;       // characters shown at first
const MORE = 262_144;      // characters that one press adds, so that a body of megabytes does not stop the page
const INDENT_MAX = 40;     // levels that are indented: deeper ones would be mostly blanks
const HEX_WIDTH = 16;

export function bodyView(message, {label = 'Body'} = {}) {
  const hidden = message.payload === null || message.payload_base64 === null;
  if (hidden) return note('The body is not shown: the user of this token may not receive messages of this topic.');
  const forms = formsOf(message);
  if (!forms.length) return note('The body is not part of this answer.');
  if (forms[0].size === 0) return note('The body is empty.');
  const pre = h('pre', {class: 'body', tabindex: '0', 'aria-label': label, dir: 'ltr'});
  const more = h('button', {type: 'button', class: 'quiet', onclick: () => {
    end = Math.min(shown.text.length, end + MORE);
    draw();
  }});
  const picks = forms.map((form) => h('button', {type: 'button', class: 'quiet', onclick: () => show(form)},
    form.title));
  const cut = message.whole === false ? h('p', {class: 'hint'}, 'Only the beginning of the body is recorded.') : null;
  let shown = null;
  let end = 0;

  function show(form) {
    shown = {form, text: form.make()};
    pre.classList.toggle('hex', form.title === 'Hex');
    end = Math.min(shown.text.length, FIRST);
    forms.forEach((one, i) => picks[i].setAttribute('aria-pressed', String(one === form)));
    draw();
  }
  function draw() {
    const left = shown.text.length - end;
    setText(pre, shown.text.slice(0, end) + (left > 0 ? '\u2026' : ''));
    more.hidden = left <= 0;
    setText(more, left <= MORE ? 'Show all' : `Show more (${percent(end, shown.text.length)} is shown)`);
  }
  show(forms[0]);
  return h('div', {class: 'body-view'},
    h('div', {class: 'body-forms', role: 'group', 'aria-label': 'Form of the body'}, forms.length > 1 ? picks : null,
      h('span', {class: 'hint'}, bytes(message.body_bytes ?? forms[0].size))),
    pre, more, cut);
}

const note = (text) => h('p', {class: 'hint body-view'}, text);

function formsOf({payload, payload_base64, content_type = ''}) {
  if (typeof payload_base64 === 'string') return [hexOf(() => fromBase64(payload_base64),
    Math.floor(payload_base64.length * 3 / 4))];
  if (typeof payload !== 'string') return [];
  const text = {title: 'Text', size: payload.length, make: () => visibleText(payload)};
  const hex = hexOf(() => new TextEncoder().encode(payload), payload.length);
  const json = /^\s*[[{]/.test(payload) || content_type.includes('json') ? prettyJson(payload) : null;
  return json === null ? [text, hex] : [{title: 'JSON', size: payload.length, make: () => visibleText(json)}, text,
    hex];
}

const hexOf = (make, size) => ({title: 'Hex', size, make: () => hexDump(make())});

// JSON with its parts on lines of their own, or null if it is none. The parts stay as they were written: a large number
// keeps all its digits, and a member that is there twice is shown twice.
function prettyJson(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const out = [];
  let depth = 0;
  const line = () => '\n' + '  '.repeat(Math.min(depth, INDENT_MAX));
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g)) {
    if (token === '{' || token === '[') {
      out.push(token);
      ++depth;
      out.push(line());
    } else if (token === '}' || token === ']') {
      --depth;
      const opened = out.length > 1 && (out[out.length - 2] === '{' || out[out.length - 2] === '[');
      if (opened) out.pop();
      else out.push(line());
      out.push(token);
    } else if (token === ',') {
      out.push(token, line());
    } else {
      out.push(token === ':' ? ': ' : token);
    }
  }
  return out.join('');
}

// Offset, bytes, ASCII: as `xxd` has them.
export function hexDump(data) {
  const lines = [];
  for (let at = 0; at < data.length; at += HEX_WIDTH) {
    const part = data.subarray(at, at + HEX_WIDTH);
    let hex = '';
    let ascii = '';
    part.forEach((byte, i) => {
      hex += byte.toString(16).padStart(2, '0') + (i % 8 === 7 ? '  ' : ' ');
      ascii += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
    });
    lines.push(at.toString(16).padStart(8, '0') + '  ' + hex.padEnd(HEX_WIDTH * 3 + 2) + ascii);
  }
  return lines.join('\n');
}

export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

// Text with its lines, and control and direction characters as their code points: they would hide what it says.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
export const visibleText = (text) => text.replaceAll('\r\n', '\n').replace(HIDDEN,
  (c) => '\u27e8' + c.codePointAt(0).toString(16).padStart(4, '0') + '\u27e9');

