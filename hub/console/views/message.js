// The life of one message: when it came and from whom, which routes took it, where it is in each queue and how it ended
// there.
import {h, name, replace, short, visible} from '../lib/dom.js';
import {get, path} from '../lib/api.js';
import {bodyView} from '../lib/body.js';
import {bytes, count, duration, plural, utc, when} from '../lib/format.js';
import {go, link, replaceParams} from '../lib/router.js';
import {facts, moment, properties, source} from './queue/details.js';
import {askable, clock, consumer, priorityWords} from './queue/words.js';

const LAST = 50;
const AGAIN_MS = 3_000;
const STATES = {
  waiting: 'waits', being_written: 'is being written', delivered: 'was delivered', expired: 'expired here',
  dropped: 'was dropped here',
  folded: 'was folded with others into a sum', dead: 'died here', ended: 'has left it; how is not recorded any more',
};
const IN = {
  waiting: 'waits in', being_written: 'is being written to', delivered: 'was delivered from', expired: 'expired in',
  dropped: 'was dropped from',
  folded: 'was folded with others in', dead: 'died in', ended: 'has left, nobody knows how,',
};
const TROUBLED = {waiting: 'warn', expired: 'bad', dropped: 'bad', dead: 'bad', folded: 'warn'};
const STEPS = {
  sent_to_client: 'sent to the client', batch_sent: 'sent upstream', batch_acknowledged: 'acknowledged',
  batch_refused: 'refused',
  delivered: 'delivered', expired: 'expired', dropped: 'dropped', dead: 'became a dead letter',
};

export default {
  title: 'Life of a message',
  mount(root, route, app) {
    let aborter = new AbortController();
    function open(next) {
      aborter.abort();
      aborter = new AbortController();
      replace(root);
      if (next.name) one(root, next.name, app, aborter.signal);
      else last(root, next, app, aborter.signal);
    }
    open(route);
    return {route: open, unmount: () => aborter.abort()};
  },
};

function lookUp(id) {
  const input = h('input', {type: 'search', id: 'message-id', value: id,
    placeholder: '4711, r17, hub/epoch/4711, or $.mid', spellcheck: 'false', autocomplete: 'off', required: true});
  return h('form', {class: 'look-up', role: 'search', 'aria-label': 'Look up a message', onsubmit: (event) => {
    event.preventDefault();
    if (input.value.trim()) go('message', input.value.trim());
  }}, h('label', {for: 'message-id'}, 'Id'), input, h('button', {type: 'submit'}, 'Look up'));
}

const head = (title, id, ...more) =>
  h('div', {class: 'head'}, h('h1', {}, h('a', {class: 'up', href: link('message')}, 'Messages'), ' / ', title),
  ...more, lookUp(id));

// ---- the last ones ----

function last(root, route, app, signal) {
  const filter = h('input', {type: 'search', id: 'message-filter', value: route.params.get('topic') ?? '',
    placeholder: 'topic filter: plant/#', spellcheck: 'false', autocomplete: 'off'});
  const said = h('p', {class: 'said', role: 'status'});
  const body = h('tbody');
  const rows = h('div', {class: 'rows', role: 'region', 'aria-label': 'Messages', tabindex: '0', hidden: true},
    h('table', {}, h('caption', {class: 'unseen'}, 'The last messages, newest first'),
    h('thead', {}, h('tr', {}, ['Came', 'Topic', 'From', 'Size', 'Id'].map((title, i) =>
      h('th', {scope: 'col', class: i === 3 ? 'number' : null}, title)))), body));
  async function load() {
    replace(said, 'Looking\u2026');
    try {
      const {messages, basis} = await get('/v1/recent', {newest: 1, count: LAST, filter: filter.value.trim()},
        {signal});
      replace(body, [...messages].reverse().map(recent));
      rows.hidden = messages.length === 0;
      replace(said, messages.length ? `The last ${plural(messages.length, 'message')} ` +
        `${filter.value.trim() ? 'of these topics ' : ''}as of ${when(clock(app.live))}. ${basisText(basis)}`
        : `Nothing is recorded of ${filter.value.trim() ? 'these topics' : 'any message'}. ${basisText(basis)}`);
    } catch (error) {
      if (error.name !== 'AbortError') replace(said, error.message);
    }
  }
  root.append(
    h('div', {class: 'head'}, h('h1', {}, h('a', {class: 'up', href: link('queue')}, 'Queues'), ' / Life of a message'),
      lookUp('')),
    h('p', {class: 'hint'}, 'An id is a message\u2019s seq, its id upstream (hub/epoch/seq), the id that its sender ' +
      'gave it (property $.mid), or a number from the list below.'),
    h('form', {class: 'look-up', 'aria-label': 'Last messages of topics', onsubmit: (event) => {
      event.preventDefault();
      replaceParams({topic: filter.value.trim()});
      load();
    }}, h('label', {for: 'message-filter'}, 'Topics'), filter, h('button', {type: 'submit'}, 'Look again')),
    said, rows);
  load();
}

const recent = (message) => h('tr', {}, h('td', {class: 'time'}, moment(message.arrived_ms)),
  h('td', {class: 'wrap', title: visible(message.topic).slice(0, 1000)}, name(short(message.topic, 90))),
  h('td', {}, source(message)), h('td', {class: 'number'}, bytes(message.body_bytes)),
  h('td', {}, h('a', {href: link('message', 'r' + message.number)}, 'r' + message.number)));

function basisText({bytes_max, messages, arrived, since_ms}) {
  if (!bytes_max) return 'The hub records nothing: observe.history_bytes is 0.';
  return `The hub remembers ${count(messages)} of the ${count(arrived)} that came since ${when(since_ms)}.`;
}

// ---- one ----

function one(root, id, app, signal) {
  const place = h('div', {class: 'life'}, h('p', {class: 'hint'}, 'Asking the hub\u2026'));
  const again = h('button', {type: 'button', class: 'quiet', onclick: () => load()}, 'Look again');
  let told = '';  // what was drawn: it is drawn anew only if the life has gone on
  root.append(head(h('bdi', {class: 'name'}, short(id, 80)), id, again), place);
  async function load() {
    if (!askable(id)) return replace(place, h('p', {class: 'banner warn'}, 'This id is too long to ask for.'));
    again.disabled = true;
    try {
      const life = await get(path('v1', 'why', id), {payload: 1}, {signal});
      const {basis, ...lived} = life;
      if (JSON.stringify(lived) !== told) replace(place, ...(life.known === 'no' ? unknown(life) : known(life, app)));
      told = JSON.stringify(lived);
      if (life.queues?.some(({state}) => state === 'waiting' || state === 'being_written')) later(load, signal);
    } catch (error) {
      if (error.name !== 'AbortError') replace(place, h('p', {class: 'banner bad'}, error.message));
    } finally {
      again.disabled = false;
    }
  }
  load();
}

// Looks again while it waits, until somebody leaves.
function later(load, signal) {
  const timer = setTimeout(load, AGAIN_MS);
  signal.addEventListener('abort', () => clearTimeout(timer), {once: true});
}

function unknown({why_not, basis}) {
  return [
    h('div', {class: 'banner warn', role: 'status'}, h('p', {}, 'The hub does not know this message (any more).'),
      h('p', {}, visible(why_not) + '.')),
    h('p', {class: 'hint'}, basisText(basis), ' A topic that is chatty pushes out its own messages first. ',
      h('a', {href: link('message')}, 'The last messages'), ' have their ids.'),
  ];
}

function known(life, app) {
  const {message, basis} = life;
  const now_ms = clock(app.live);
  const steps = [cameIn(life, now_ms), tookRoutes(life),
    ...life.queues.map((queue) => inQueue(queue, life, app))].filter(Boolean);
  if (!life.queues.length) steps.push(step('', 'No queue has it', h('p', {}, nowhere(life))));
  return [
    h('p', {class: 'said', role: 'status'}, verdict(life), ` As of ${when(now_ms)}.`),
    h('div', {class: 'columns life-columns'},
      h('section', {class: 'sheet', 'aria-label': 'Life'}, h('h2', {}, 'Its life'),
        h('ol', {class: 'timeline'}, steps)),
      h('section', {class: 'sheet', 'aria-label': 'Message'}, h('h2', {}, 'The message'), facts([
        ['Topic', name(short(message.topic, 2_000))], ['From', source(message)],
        ['Size', `${bytes(message.body_bytes)}, QoS ${message.qos}${message.retain ? ', retained' : ''}`],
        ['Id', life.id ? h('code', {}, name(life.id)) : ''],
        ['Number', message.number ? h('a', {href: link('message', 'r' + message.number)}, 'r' + message.number) : ''],
      ]), bodyView(message), properties(message))),
    h('p', {class: 'hint'}, basisText(basis),
      life.known === 'stored' ? ' This one is not recorded any more; what is shown is from where it lies.' : '',
      life.routes_changed ? ' Routes are those in force now; there may have been others when it came.' : ''),
  ];
}

// What computing routes read is delivered to them, and goes no further as itself.
const isTaken = ({queue, state}) => queue === '$computing' && state === 'delivered';

// One sentence: where it is now.
function verdict({queues, refused}) {
  if (refused) return `It was refused: ${visible(refused)}.`;
  const states = new Map();
  for (const {state, queue} of queues)
    if (queue !== '$history' && !isTaken({queue, state})) states.set(state, [...(states.get(state) ?? []), queue ?? 'a queue that is gone']);
  if (states.size === 0) return queues.some(isTaken) ? 'Computing routes have taken it in.' : 'It is in no queue.';
  return [...states].map(([state, names]) =>
    `It ${IN[state] ?? state} ${names.map((one) => short(one, 80)).join(', ')}`).join('. ') + '.';
}

const nowhere = ({refused, heard}) => refused ? 'It was refused.' : heard
  ? 'Clients that were connected got it as it came; nothing had to be kept.'
  : 'No route leads to a queue with it, and no session kept it.';

const step = (kind, title, ...more) => h('li', {class: 'step ' + kind}, h('h3', {}, title), ...more);

function cameIn({message, made_of, remembered, returned, refused, heard}, now_ms) {
  const at = h('span', {}, moment(message.arrived_ms), `, ${duration(now_ms - message.arrived_ms)} ago`);
  const marks = [refused && `refused: ${visible(refused)}`, heard && 'clients that were connected got it as it came',
    returned && 'came back from upstream, and went no further'].filter(Boolean);
  const maker = message.made ? (message.properties ?? []).find(([key]) => key === 'route')?.[1] : '';
  return step(refused ? 'bad' : 'done', maker ? ['The route ', h('a', {href: link('route', maker)}, name(short(maker, 80))), ' made it']
    : message.made ? 'A route made it' : 'It came in',
    h('p', {}, at, message.made ? (made_of ? [' of ', h('a', {href: link('message', 'r' + made_of)}, 'r' + made_of)]
      : '') : [' from ', source(message)],
      ' on ', name(short(message.topic, 200))),
        marks.map((mark) => h('p', {class: refused ? 'bad-text' : 'hint'}, mark)));
}

function tookRoutes({routes = [], message}) {
  if (message.made && !routes.some(({what}) => what !== 'other_source')) return null;
  if (!routes.length) return step('', 'Routes', h('p', {}, 'There are none.'));
  const took = routes.filter(({what}) => what === 'takes');
  const near = routes.filter(({what}) => what === 'condition' || what === 'undefined' || what === 'not_known');
  const others = routes.filter(({what}) => what === 'other_source');
  return step(took.length ? 'done' : '',
    took.length ? `${plural(took.length, 'route')} of ${count(routes.length)} ` +
      `${took.length === 1 ? 'takes' : 'take'} it` : `None of ${plural(routes.length, 'route')} takes it`,
    took.length ? h('ul', {class: 'plain-list'},
      took.map((route) => h('li', {}, routeLink(route), ' \u2192 ',
      route.endpoints.map((end, i) => [i ? ', ' : '', name(short(end, 80))])))) : null,
    near.map(leftBy),
    others.length ? h('details', {},
      h('summary', {}, `${plural(others.length, 'other reads', 'others read')} other messages`),
      h('ul', {class: 'plain-list'},
        others.map((route) => h('li', {}, routeLink(route), ': ', name(short(route.why, 300)))))) : null);
}

const routeLink = ({route, text}) => h('a', {href: link('route', route), title: visible(text).slice(0, 1000)},
  name(short(route, 80)));

function leftBy(route) {
  const words = h('span', {}, routeLink(route), route.what === 'not_known' ? ': that cannot be said, since ' : ' does not: ',
    name(short(route.why, 300)));
  if (!route.parts.length) return h('p', {}, words);
  return h('div', {class: 'left'}, h('p', {}, words), h('ul', {class: 'trace'}, route.parts.map(({depth, text}) => {
    const li = h('li', {}, name(short(text, 400)));
    li.style.marginInlineStart = Math.min(depth, 12) + 'em';
    return li;
  })));
}

// What became of it in one queue.
function inQueue(place, life, {live}) {
  const now_ms = clock(live);
  const {name: who = ''} = consumer(live.queues.get(place.queue) ?? {name: place.queue ?? ''});
  const {queue, state, priority, expires_ms, attempts, letter, gap, steps} = place;
  const title = [queue === null ? 'A queue that is gone'
    : h('a', {href: link('queue', queue), title: visible(queue).slice(0, 1000)}, name(short(queue, 80))), ': ',
    isTaken(place) ? 'computing routes have taken it in' : STATES[state] ?? state];
  const more = [];
  if (isTaken(place)) more.push(h('p', {class: 'hint'}, 'What they make of it are messages of their own.'));
  if (queue === '$history') return step('', ['A copy is kept for replays']);
  if (state === 'waiting') {
    more.push(h('p', {}, place.blocked ? visible(place.blocked) : queue === '$dead'
      ? 'It is a dead letter: somebody has to look at it.' : 'Others are before it, or it is on its way.'));
    more.push(h('p', {class: 'hint'}, `It is queued ${priorityWords(priority)}. `,
      expires_ms ? `It expires ${expires_ms > now_ms ? 'in ' + duration(expires_ms - now_ms) : 'now'} ` +
        `(${when(expires_ms)}).` : 'It does not expire by itself.'));
  }
  if (letter || queue === '$dead' && state === 'waiting') {
    const seq = letter || life.message.seq;
    more.push(h('p', {}, 'See ', h('a', {href: link('dead', String(seq))}, `dead letter ${seq}`), ' for its reason.'));
  }
  if (gap) more.push(h('p', {class: 'hint'},
    `It is among ${plural(gap.count, 'message')} ${gap.why} (seq ${gap.from} to ${gap.to})` +
    (gap.into_from ? `, which seq ${gap.into_from} to ${gap.into_to} stand for` : '') + '.'));
  if (attempts > 1) more.push(h('p', {class: 'hint'}, `It was sent ${attempts} times.`));
  return step(TROUBLED[state] ?? (state === 'delivered' ? 'done' : ''), title, more,
    stepList(steps, life.message.arrived_ms, who));
}

// An end comes last, also where the hub noted it with a time some milliseconds before that of the step that led to it.
const ENDS = ['delivered', 'expired', 'dropped', 'dead'];
const byTime = (a, b) => ENDS.includes(a.what) - ENDS.includes(b.what) || a.at_ms - b.at_ms;

function stepList(steps, arrived_ms, who) {
  if (!steps.length) return null;
  const inOrder = [...steps].sort(byTime);
  return h('ul', {class: 'steps plain-list'}, inOrder.map(({what, at_ms, batch, code}) =>
    h('li', {}, moment(at_ms), h('span', {class: 'hint', title: utc(at_ms)}, ` +${duration(at_ms - arrived_ms)} `),
      STEPS[what] ?? visible(what),
      what === 'sent_to_client' && who ? [' ', name(short(who, 80))] : '',
      batch ? `, batch ${batch}` : '', code ? `, code 0x${code.toString(16).padStart(2, '0')}` : '')));
}
