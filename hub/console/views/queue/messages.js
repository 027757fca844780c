// The messages of a queue, by a filter that stands in the address: a snapshot that says how many came since, and never
// jumps.
import {h, name, replace, setText, short, visible} from '../../lib/dom.js';
import {get, path} from '../../lib/api.js';
import {bytes, count, duration, plural, utc, when} from '../../lib/format.js';
import {replaceParams} from '../../lib/router.js';
import {details, source} from './details.js';
import {isOutside, progress, purgeFound} from './verbs.js';
import {askable, clock, priorityText} from './words.js';

const PAGE = 100;
const FIELDS = ['topic', 'client', 'device', 'module', 'since', 'until', 'contains', 'where', 'property', 'lane'];
const LANE_WITHOUT = '10';
const CONSUMED = ['delivered', 'expired', 'dropped', 'dead'];

export function messages(route, app) {
  const {live} = app;
  const of = route.name;
  const asked = form(route.params, (filter) => {
    replaceParams({...blank, ...filter, cursor: '', open: ''});
    search();
  });
  const said = h('p', {class: 'said', role: 'status'});
  const news = h('button', {type: 'button', class: 'quiet', hidden: true, onclick: () => search()});
  const body = h('table', {class: 'found'},
    h('caption', {class: 'unseen'}, 'Messages that wait, oldest first in each priority'),
    h('thead', {}, h('tr', {}, ['Came', 'Topic', 'From', 'Size', 'Priority', 'Expires'].map((title, i) =>
      h('th', {scope: 'col', class: i === 3 ? 'number' : null}, title)))));
  const rows = h('div', {class: 'rows', role: 'region', 'aria-label': 'Table of messages', tabindex: '0', hidden: true},
    body);
  const more = h('button', {type: 'button', class: 'quiet', hidden: true, onclick: () => search(next)}, 'More');
  const works = progress();
  const drop = h('button', {type: 'button', class: 'danger', hidden: true, onclick: async () => {
    if (await purgeFound({of, filter: asked.value(), words: asked.words(), works, now_ms: clock(live)})) search();
  }}, 'Drop what the filter takes\u2026');
  let aborter = null;
  let next = null;
  let looked = 0;
  let shown = 0;
  let filtered = false;
  let since = null;     // the queue's row at the time of the snapshot
  let row = null;
  let begun = '';       // cursor of the first that is shown: not the first of the queue
  let opened = route.params.get('open') ?? '';

  async function search(cursor = '', first = false) {
    aborter?.abort();
    const mine = aborter = new AbortController();
    if (!askable(of)) return setText(said, 'The name of this queue is too long to ask for its messages over HTTP.');
    asked.clear();
    more.disabled = true;
    if (!cursor || first) since = row;
    setText(said, 'Looking\u2026');
    try {
      const page = await get(path('v1', 'queues', of, 'messages'), {...asked.value(), limit: PAGE, cursor},
        {signal: mine.signal});
      if (!cursor || first) forget();
      add(page, cursor);
    } catch (error) {
      if (error.name === 'AbortError') return;
      forget();
      setText(said, '');
      if (!asked.problem(error.message)) setText(said, error.message);
    } finally {
      if (aborter === mine) aborter = null;
      more.disabled = false;
    }
  }

  function offer() {
    drop.hidden = !filtered || !app.can('operate') || !row || !isOutside(row);
  }

  function forget() {
    for (const part of [...body.tBodies]) part.remove();
    [next, looked, shown, begun] = [null, 0, 0, ''];
    rows.hidden = more.hidden = true;
  }

  function add(page, cursor) {
    const context = {of, app, row, onOpen: (key) => replaceParams({open: key, cursor: key ? cursor : ''})};
    if (shown === 0 && cursor) begun = cursor;
    for (const message of page.messages) body.append(entry(message, context, opened));
    opened = '';
    looked += page.looked;
    shown += page.messages.length;
    next = page.done ? null : page.next;
    rows.hidden = shown === 0;
    more.hidden = !next;
    setText(more, shown % PAGE === 0 && shown > 0 ? `${PAGE} more` : 'Look further');
    filtered = asked.words() !== '';
    offer();
    setText(said, `${plural(shown, 'message')} shown, ${plural(looked, 'message')} looked at as of ` +
      `${when(clock(live))}` +
      (begun ? `, from ${begun} on` : '') + (page.unreadable ? `, ${count(page.unreadable)} of them unreadable` : '') +
      (next ? '; there is more behind.' : shown === 0
        ? (filtered ? '; none that waits fits the filter.' : '; nothing waits.') : '; that is all.'));
  }

  return {
    element: h('section', {class: 'messages', 'aria-label': 'Messages'}, h('h2', {}, 'Messages'), asked.element,
      h('div', {class: 'found-head'}, said, news, drop), works.element, rows, h('div', {class: 'actions'}, more)),
    update(now) {
      const first = row === null;
      row = now;
      since ??= row;
      if (first) search(route.params.get('cursor') ?? '', true);
      offer();
      const came = row.in - since.in;
      const left = CONSUMED.reduce((sum, field) => sum + row[field] - since[field], 0);
      news.hidden = came <= 0 && left <= 0;
      if (!news.hidden) setText(news,
        `${[came > 0 && `${count(came)} new`, left > 0 && `${count(left)} gone`].filter(Boolean).join(', ')} since; ` +
          `look again`);
    },
    route(to) {
      asked.fill(to.params);
      opened = to.params.get('open') ?? '';
      search(to.params.get('cursor') ?? '', true);
    },
    unmount() {
      aborter?.abort();
      works.stop();
    },
  };
}

// ---- one message ----

function entry(message, context, opened) {
  const key = `${message.lane}.${message.seq}`;
  const place = h('td', {colspan: 6});
  const detail = h('tr', {class: 'detail', hidden: true}, place);
  const toggle = h('button', {type: 'button', class: 'plain opener', 'aria-expanded': 'false',
    title: utc(message.arrived_ms), onclick: () => open(detail.hidden)},
    when(message.arrived_ms));
  function open(on) {
    detail.hidden = !on;
    toggle.setAttribute('aria-expanded', String(on));
    context.onOpen(on ? key : '');
    if (on && !place.firstChild) details(place, message, context);
  }
  const tbody = h('tbody', {'data-seq': message.seq},
    h('tr', {}, h('td', {class: 'time'}, toggle),
      h('td', {class: 'topic', title: visible(message.topic).slice(0, 1000)}, name(short(message.topic, 90))),
      h('td', {}, source(message)), h('td',
        {class: 'number', 'data-field': 'body_bytes', 'data-value': message.body_bytes}, bytes(message.body_bytes)),
      h('td', {}, priorityText(message.priority)),
      h('td', {class: 'time', title: utc(message.expires_ms)}, expiry(message, clock(context.app.live)))),
    detail);
  if (opened === key) open(true);
  return tbody;
}

function expiry({expires_ms}, now_ms) {
  if (!expires_ms) return 'never';
  return expires_ms <= now_ms ? 'now' : `in ${duration(expires_ms - now_ms)}`;
}

// ---- the form ----

const blank = Object.fromEntries(FIELDS.map((field) => [field, '']));

function form(params, onSearch) {
  const inputs = {};
  const problems = {};
  const field = (key, title, hint, props = {}) => {
    inputs[key] = h('input', {type: 'text', id: 'find-' + key, placeholder: hint, spellcheck: 'false',
      autocomplete: 'off', 'aria-describedby': 'bad-' + key, ...props});
    return framed(key, title);
  };
  const framed = (key, title) => {
    problems[key] = h('div', {class: 'field-problem', id: 'bad-' + key, role: 'alert', hidden: true});
    return h('div', {class: 'field field-' + key}, h('label', {for: 'find-' + key}, title), inputs[key], problems[key]);
  };
  inputs.lane = h('select', {id: 'find-lane', 'aria-describedby': 'bad-lane'}, h('option', {value: ''}, 'any'),
    Array.from({length: 10}, (_, i) => h('option', {value: String(i)}, String(i))),
    h('option', {value: LANE_WITHOUT}, 'without'));
  const rest = h('details', {class: 'more-fields'}, h('summary', {}, 'More to filter by'),
    h('div', {class: 'fields-grid'},
    field('client', 'From client', 'client id'), field('device', 'From device', 'press-7'),
    field('module', 'From module', 'detector'),
    field('since', 'Came within the last', '90m, 2d, or an ISO time'),
    field('property', 'Has property', 'name or name=value'), framed('lane', 'Priority')));
  const clear = h('button', {type: 'button', class: 'quiet', onclick: () => {
    write(new URLSearchParams());
    onSearch(value());
  }}, 'No filter');
  const element = h('form', {class: 'sheet find', role: 'search', 'aria-label': 'Filter', novalidate: true,
    onsubmit: (event) => {
    event.preventDefault();
    onSearch(value());
  }}, h('div', {class: 'fields-grid'},
    field('topic', 'Topic', 'plant/+/temperature'), field('contains', 'Text in the body', 'any text'),
    field('until', 'Older than', '1h, 2d, or an ISO time'),
    field('where', 'Condition', '$body.celsius > 90')), rest,
  h('div', {class: 'actions'}, h('button', {type: 'submit', class: 'primary'}, 'Find'), clear));

  const value = () => Object.fromEntries(FIELDS.map((key) => [key, inputs[key].value.trim()]).filter(([, text]) =>
    text !== ''));
  function write(from) {
    for (const key of FIELDS) inputs[key].value = from.get(key) ?? '';
    if (['client', 'device', 'module', 'since', 'property', 'lane'].some((key) => from.get(key))) rest.open = true;
  }
  write(params);
  return {
    element, value, fill: write,
    words: () => Object.entries(value()).map(([key, text]) => `${key} ${visible(text)}`).join(', '),
    clear() {
      for (const [key, place] of Object.entries(problems)) {
        place.hidden = true;
        inputs[key].removeAttribute('aria-invalid');
      }
    },
    // Shows what the hub says of a field at that field; false if it is about none.
    problem(text) {
      const key = FIELDS.find((one) => text.startsWith(one + ':') || text.startsWith(one + ' '));
      if (!key) return false;
      const [first, ...marked] = text.replace(/^\w+:? /, '').replace(/^1:\d+: error: /, '').trimEnd().split('\n');
      replace(problems[key], h('p', {}, visible(first)), marked.length ? h('pre', {}, marked.map(visible).join('\n'))
        : null);
      problems[key].hidden = false;
      inputs[key].setAttribute('aria-invalid', 'true');
      if (inputs[key].closest('details')) rest.open = true;
      inputs[key].focus();
      return true;
    },
  };
}
