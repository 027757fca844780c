// Routes tried on what is recorded, or on messages that are given: what they would take, and why not the rest.
import {h, keyed, name, setText, short, visible} from '../../lib/dom.js';
import {post} from '../../lib/api.js';
import {bodyView} from '../../lib/body.js';
import {count, percent, plural, utc, when} from '../../lib/format.js';
import {link} from '../../lib/router.js';
import {reason} from './words.js';

const SPANS = [[600, 'the last 10 minutes'], [3_600, 'the last hour'], [86_400, 'the last day']];

const AGAIN_MS = 1_000;
const AGAIN_MAX = 5;
let before = Promise.resolve();

// The hub looks into what is recorded for one asker at a time. The page's own requests wait for one another, and none
// is
// broken off: the hub would go on with it, and refuse the next. If somebody else asks, it is tried again.
export function inTurn(work, signal) {
  const mine = before.then(async () => {
    for (let n = 0; ; ++n) {
      signal?.throwIfAborted();
      try {
        const said = await work();
        signal?.throwIfAborted();
        return said;
      } catch (error) {
        if (error.status !== 503 || n === AGAIN_MAX) throw error;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  });
  before = mine.catch(() => {});
  return mine;
}

// Runs a route over the recorded messages of `since_s`, or over `messages`; nothing is changed or counted.
export async function trial(routeName, entry, {since_s = 3_600, count = 5, messages, signal} = {}) {
  const body = JSON.stringify({routes: {[routeName]: entry}, ...(messages ? {messages} : {})});
  const said = await inTurn(() => post('/v1/routes/test', {params: {since_s, count, payload: 1}, body}), signal);
  return {...said, route: said.routes.find(({route}) => route === routeName) ?? said.routes[0]};
}

// The finding of the checker about one route: {findings, others}. `others` are mistakes of the file, in words.
export async function checked(routeName, entry, signal) {
  const said = await post('/v1/routes/check', {body: JSON.stringify({routes: {[routeName]: entry}}), signal});
  const one = said.routes.find((route) => route.name === routeName);
  const others = [...said.errors, ...said.without_effect].map((it) =>
    typeof it === 'string' ? it : [it.key, it.what ?? it.message, it.instead].filter(Boolean).join(': '));
  return {findings: one?.diagnostics ?? [], others};
}

// The checker sees the text alone: tables and schemas that the hub has beside it are no mistake of the text. `text` is
// the one in force, which may name schemas.
export function isMistake({severity, message}, {tables}, text) {
  if (severity !== 'error') return true;
  const table = /^there is no table `([^`]*)`/.exec(message)?.[1];
  if (table !== undefined) return !tables.some((one) => one.name === table);
  const schema = /^the schema `([^`]*)` was not read with the route/.exec(message)?.[1];
  return schema === undefined || !text.includes(schema);
}

// What a trial rests on, in a sentence.
function basisText({messages, from_ms, done, left_out, cut}, given) {
  const parts = [given ? `${plural(messages, 'message')} of yours` : messages === 0
    ? 'No message is recorded of that time'
    : `${plural(messages, 'recorded message')} since ${when(from_ms)}`];
  if (left_out > 0) parts.push(`${count(left_out)} that this user may not receive were left out`);
  if (done === false) parts.push('the newest were not run, for lack of time');
  if (cut) parts.push('the answer was cut');
  return parts.join('; ') + '.';
}

function verdictText({matched, not_matched, undefined: undecided, other_source = 0, type_error}) {
  const all = matched + not_matched + undecided;
  const parts = [`Taken: ${count(matched)} of ${count(all)}${all > 0 ? ` (${percent(matched, all)})` : ''}`,
    `left: ${count(not_matched)}`];
  if (undecided > 0) parts.push(`undecided, and so left: ${count(undecided)}`);
  if (other_source > 0) parts.push(`from other sources: ${count(other_source)}`);
  return parts.join(', ') + '.' + (type_error ? ` A result was not given: ${type_error}` : '');
}

// A place for the outcome of trials: show(answer, {given}), say(words).
export function trialBox({level = 'h3'} = {}) {
  const verdict = h('p', {class: 'route-verdict'});
  const basis = h('p', {class: 'hint'});
  const taken = part('Taken', takenNode);
  const left = part('Left', leftNode);
  const element = h('div', {class: 'route-trial', role: 'status'}, verdict, basis);
  const lists = h('div', {class: 'route-lists', hidden: true}, taken.element, left.element);

  function part(title, make) {
    const list = h('ol', {class: 'plain-list'});
    const none = h('p', {class: 'hint'});
    const section = h('div', {class: 'route-list'}, h(level, {}, title), none, list);
    return {element: section, show(items, words) {
      none.hidden = items.length > 0;
      setText(none, words);
      keyed(list, [...items].reverse(), (item) => `${item.at_ms}/${item.number}/${JSON.stringify(item)}`, make);
    }};
  }
  return {
    element: h('div', {}, element, lists),
    say(words, bad = false) {
      lists.hidden = true;
      verdict.className = bad ? 'bad-text' : 'hint';
      setText(verdict, words);
      setText(basis, '');
    },
    show(answer, {given = false} = {}) {
      const {route} = answer;
      if (route.error) return this.say(visible(`It does not compile: ${reason(route.error)}`), true);
      lists.hidden = false;
      verdict.className = 'route-verdict';
      setText(verdict, visible(verdictText(route)));
      setText(basis, basisText(answer, given));
      taken.show(route.taken, given ? 'It takes none of them.' : 'It took none of them.');
      left.show(route.left, given ? 'It leaves none of them.' : 'None from its source was left.');
    },
  };
}

// ---- a message ----

function headNodes(item) {
  return [
    h('time', {datetime: utc(item.at_ms), title: utc(item.at_ms)}, when(item.at_ms)), ' ',
    h('code', {title: visible(item.topic).slice(0, 1000)}, name(short(item.topic, 100))),
    item.made ? h('span', {class: 'tag'}, 'made by a route') : null,
    item.id ? [' ', h('a', {href: link('message', item.id), 'aria-label': `its life: message ${item.id}`}, 'its life')]
      : null,
  ];
}

// A body in a line; opened, the whole.
function foldedBody(item, label) {
  const text = item.payload === null || item.payload_base64 === null ? '(not for this user)'
    : item.payload ?? (item.payload_base64 === undefined ? '' : '(bytes)');
  const details = h('details', {class: 'route-body', ontoggle: () => {
    if (details.open && details.children.length === 1) details.append(bodyView(item, {label}));
  }}, h('summary', {}, h('code', {}, name(short(text, 160)))));
  return details;
}

function takenNode(item) {
  const rows = (item.rows ?? []).map((row) => h('li', {}, '\u2192 ',
    name(short(row.to.replace(/^topic:/, 'topic '), 100)),
    row.topic && !row.to.endsWith(row.topic) ? [' as ', h('code', {}, name(short(row.topic, 100)))] : null,
    row.end_ms ? ` (${when(row.start_ms)} to ${when(row.end_ms)})` : null,
    row.payload === item.payload && row.payload !== undefined ? h('span', {class: 'hint'}, ', as it is')
      : foldedBody(row, 'Body of the result')));
  return h('li', {class: 'route-message'}, h('p', {}, headNodes(item)), foldedBody(item, 'Body of the message'),
    rows.length ? h('ul', {class: 'plain-list route-rows'}, rows) : h('p', {class: 'hint'},
      'Nothing has come of it yet.'));
}

// The parts of the condition, each below the one that it is a part of.
function traceNode(trace) {
  const root = h('ul', {class: 'route-trace'});
  const open = [root];
  for (const {depth, text} of trace) {
    while (open.length > depth + 1) open.pop();
    while (open.length < depth + 1) {
      const parent = open[open.length - 1];
      const inner = h('ul');
      (parent.lastElementChild ?? parent.appendChild(h('li'))).append(inner);
      open.push(inner);
    }
    open[open.length - 1].append(h('li', {}, h('code', {}, visible(text).slice(0, 2_000))));
  }
  return root;
}

function leftNode(item) {
  const undecided = item.truth === 'undefined';
  return h('li', {class: 'route-message'},
    h('p', {}, headNodes(item), ' ', h('span', {class: 'tag ' + (undecided ? 'warn' : '')}, undecided ? 'undecided'
      : 'no')),
    foldedBody(item, 'Body of the message'), item.trace?.length ? traceNode(item.trace) : null);
}

// A choice of how far back.
export function spanPick(label, since_s, onPick) {
  const pick = h('select', {'aria-label': label, onchange: () => onPick(Number(pick.value))},
    SPANS.map(([value, title]) => h('option', {value, selected: value === since_s}, title)));
  return pick;
}

export const spanText = (since_s) => SPANS.find(([value]) => value === since_s)?.[1] ?? `${since_s} s`;

// Lines of names and numbers as a small table: columns are [title, key, number].
export function plainTable(caption, columns, rows) {
  return h('div', {class: 'rows', role: 'region', 'aria-label': caption, tabindex: '0'}, h('table', {},
    h('caption', {class: 'unseen'}, caption),
    h('thead', {}, h('tr', {}, columns.map(([title, , number]) => h('th', {scope: 'col', class: number && 'number'},
      title)))),
    h('tbody', {}, rows.map((row) => h('tr', {}, columns.map(([, key, number], i) =>
      h(i === 0 ? 'th' : 'td', {scope: i === 0 && 'row', class: number && 'number', 'data-value': number && row[key]},
        number ? count(row[key]) : row[key] instanceof Node ? row[key] : name(short(row[key] ?? '', 300)))))))));
}

