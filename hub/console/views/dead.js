// Dead letters: messages that their consumer could not take. Why each died, where it came from, its body; put back or
// dropped.
import {h, name, replace, setText, short, visible} from '../lib/dom.js';
import {get, path, post} from '../lib/api.js';
import {bodyView} from '../lib/body.js';
import {act, ask} from '../lib/dialog.js';
import {bytes, count, plural, utc, when} from '../lib/format.js';
import {go, link} from '../lib/router.js';
import {Table} from '../lib/table.js';
import {facts, moment, properties, source} from './queue/details.js';
import {countLetters, progress, replayLetters, sayReplayed} from './queue/verbs.js';
import {clock, priorityWords} from './queue/words.js';

const PAGE = 100;
const WALK = 1_000;  // letters of a page when those of one queue are looked for

export default {
  title: 'Dead letters',
  mount(root, route, app) {
    let inside = null;
    function open(next) {
      inside?.unmount?.();
      replace(root);
      inside = next.name ? one(root, next.name, app) : list(root, next, app);
      inside.update?.();
    }
    open(route);
    return {update: () => inside.update?.(), route: open, unmount: () => inside.unmount?.()};
  },
};

// Where a letter's route or queue has its page.
function origin({queue}) {
  const text = name(short(queue, 80));
  if (queue.startsWith('route:')) return h('span', {}, 'route ',
    h('a', {href: link('route', queue.slice(6))}, name(short(queue.slice(6), 80))));
  return h('a', {href: link('queue', queue), title: visible(queue).slice(0, 1000)}, text);
}

const lifeOf = (letter) => String(letter.from.seq || letter.seq);

// ---- all ----

function list(root, route, app) {
  const {live} = app;
  const of = route.params.get('queue') ?? '';
  const letters = [];
  const works = progress();
  const said = h('p', {class: 'said', role: 'status'});
  const table = new Table({
    caption: 'Dead letters, oldest first', keyOf: ({seq}) => seq, columns: columns(),
    empty: 'Nothing has died here. Messages that their consumer refuses five times come to this place.',
  });
  const more = h('button', {type: 'button', class: 'quiet', hidden: true, onclick: () => load()}, 'More');
  const news = h('button', {type: 'button', class: 'quiet', hidden: true, onclick: () => again()});
  const back = h('button', {type: 'button', class: 'primary', onclick: () => replayAll()},
    of ? 'Put all of this queue back\u2026' : 'Put all back\u2026');
  const drop = h('button', {type: 'button', class: 'danger', onclick: () => purgeAll()}, 'Drop all\u2026');
  const refused = h('section', {class: 'sheet', hidden: true, 'aria-label': 'Letters that stay'});
  const chosen = of ? h('p', {}, 'Those that came from ', origin({queue: of}), '. ',
    h('a', {href: link('dead')}, 'All dead letters')) : null;
  let aborter = new AbortController();
  let next = 0;
  let seen = null;  // the queue's row when the list was made
  const row = () => live.queues.get('$dead');

  root.append(
    h('div', {class: 'head', 'data-queue': '$dead'}, h('h1', {}, h('a', {class: 'up', href: link('queue')}, 'Queues'),
      ' / Dead letters'),
      h('span', {class: 'tag'}, h('span', {'data-field': 'waiting'}), ' in all'),
      h('div', {class: 'verbs'}, back, of ? null : drop)),
    ...[chosen, works.element, refused, h('div', {class: 'found-head'}, said, news), table.element,
      h('div', {class: 'actions'}, more)].filter(Boolean));

  async function load() {
    const {signal} = aborter;
    more.disabled = true;
    setText(said, 'Looking\u2026');
    try {
      const wanted = letters.length + PAGE;
      do {
        const page = await get('/v1/dlq', {after: next, count: of ? WALK : PAGE}, {signal});
        letters.push(...page.dead_letters.filter((letter) => !of || letter.from.queue === of));
        next = page.next > next ? page.next : 0;
      } while (of && next && letters.length < wanted);
      table.show(letters);
      more.hidden = !next;
      setText(said, letters.length ? `${plural(letters.length, 'dead letter')} shown as of ` +
        `${when(clock(live))}${next ? '; there are more.' : '.'}` : '');
    } catch (error) {
      if (error.name !== 'AbortError') setText(said, error.message);
    } finally {
      more.disabled = false;
    }
  }

  function again() {
    aborter.abort();
    aborter = new AbortController();
    letters.length = 0;
    next = 0;
    seen = row() ?? null;
    load();
  }

  async function replayAll() {
    const found = await works.run((say, signal) => countLetters(of, say, signal));
    if (!found || found.n === 0) return;
    const yes = await ask({
      title: `Put ${plural(found.n, 'dead letter')} back?`, verb: `Put back ${count(found.n)}`,
      text: [`${plural(found.n, 'dead letter')} (${bytes(found.bytes)}) ` +
        `${of ? 'of this queue ' : ''}${found.n === 1 ? 'goes back to where it' : 'go back to where they'} came ` +
          `from, with the time to live of the beginning.`,
             'First remove the cause, or they die again. What cannot go back stays, and is listed with its reason.'],
    });
    if (!yes) return;
    const done = await works.run((say, signal) => replayLetters(of, say, signal));
    if (done) {
      sayReplayed(done);
      showRefused(done.refused);
    }
    again();
  }

  function showRefused(all) {
    refused.hidden = all.length === 0;
    replace(refused, h('h2', {}, `${plural(all.length, 'letter')} could not go back`), h('ul', {class: 'plain-list'},
      all.slice(0, 200).map(({letter, error}) =>
        h('li', {}, h('a', {href: link('dead', String(letter))}, `letter ${letter}`), ': ', visible(error)))),
    all.length > 200 ? h('p', {class: 'hint'}, `and ${count(all.length - 200)} more`) : null);
  }

  async function purgeAll() {
    const {waiting, waiting_bytes} = row() ?? {waiting: 0, waiting_bytes: 0};
    const yes = await ask({
      title: `Drop ${plural(waiting, 'dead letter')}?`, verb: `Drop ${count(waiting)}`, danger: true,
      text: [`All dead letters are dropped: ${count(waiting)}, ${bytes(waiting_bytes)}, and what dies until you ` +
        `have answered.`, 'They cannot be brought back.'],
    });
    if (yes) act(drop, () => post('/v1/dlq/purge'),
      ({purged}) => `${plural(purged, 'dead letter')} dropped.`).then(again);
  }

  load();
  return {
    update() {
      const now = row();
      seen ??= now;
      const tag = root.querySelector('[data-field=waiting]');
      tag.setAttribute('data-value', now?.waiting ?? 0);
      setText(tag, count(now?.waiting ?? 0));
      back.hidden = drop.hidden = !app.can('operate') || !now?.waiting;
      const came = (now?.in ?? 0) - (seen?.in ?? 0);
      const left = (seen?.waiting ?? 0) + came - (now?.waiting ?? 0);
      news.hidden = came <= 0 && left <= 0;
      if (!news.hidden) setText(news,
        `${[came > 0 && `${count(came)} new`, left > 0 && `${count(left)} gone`].filter(Boolean).join(', ')} since; ` +
          `look again`);
    },
    unmount() {
      aborter.abort();
      works.stop();
    },
  };
}

function columns() {
  return [
    {title: 'Letter', field: 'seq', head: true, plain: true, cell: (td, letter) =>
      td.append(h('a', {href: link('dead', String(letter.seq))}, String(letter.seq)))},
    {title: 'Died', field: 'died_ms', plain: true, kind: 'time', cell: (td, {died_ms}) => td.append(moment(died_ms))},
    {title: 'Reason', field: 'reason', plain: true, kind: 'wrap reason', cell: (td, {reason}) =>
      td.append(name(short(reason, 300)))},
    {title: 'From', field: 'from', plain: true, kind: 'wrap', cell: (td, {from}) => td.append(origin(from))},
    {title: 'Topic', field: 'topic', plain: true, kind: 'wrap', cell: (td, {topic}) =>
      td.append(name(short(topic, 90)))},
    {title: 'Source', field: 'client', plain: true, cell: (td, letter) => td.append(source(letter))},
    {title: 'Tried', field: 'attempts', plain: true, number: true, show: count},
    {title: 'Size', field: 'body_bytes', plain: true, number: true, show: bytes},
  ];
}

// ---- one ----

function one(root, seq, app) {
  const aborter = new AbortController();
  const place = h('div', {'data-letter': seq}, h('p', {class: 'hint'}, 'Asking the hub\u2026'));
  const verb = (kind, title, onclick) => h('button', {type: 'button', class: kind, hidden: true, onclick}, title);
  const back = verb('primary', 'Put it back', () => replay());
  const drop = verb('danger', 'Drop it\u2026', () => purge());
  root.append(h('div', {class: 'head'}, h('h1', {}, h('a', {class: 'up', href: link('dead')}, 'Dead letters'),
    ` / ${short(seq, 40)}`), h('div', {class: 'verbs'}, back, drop)), place);
  let letter = null;

  async function load() {
    const {signal} = aborter;
    const absent = h('p', {class: 'banner warn'},
      'There is no such dead letter (any more): it was put back or dropped, or others pushed it out.');
    try {
      const known = await isThere(seq, signal);
      if (!known) return replace(place, absent);
      letter = await get(path('v1', 'dlq', seq), {payload: 1}, {signal});
      back.hidden = drop.hidden = !app.can('operate');
      replace(place, ...shown(letter));
    } catch (error) {
      if (error.name === 'AbortError') return;
      replace(place, error.status === 404 ? absent : h('p', {class: 'banner warn'}, error.message));
    }
  }
  load();

  function replay() {
    act(back, () => post(path('v1', 'dlq', seq, 'replay')), ({queue, seq: now}) =>
      `Put back into ${short(queue, 60)} as seq ${now}.`)
      .then((done) => done && go('queue', done.queue));
  }
  async function purge() {
    const yes = await ask({
      title: 'Drop this dead letter?', verb: 'Drop 1', danger: true,
      text: [h('p', {}, `One message (${bytes(letter.body_bytes)}) of topic `, name(short(letter.topic, 120)),
        ' is dropped.'), 'It cannot be brought back.'],
    });
    if (yes && await act(drop, () => post(path('v1', 'dlq', seq, 'purge')), () => 'Dropped.')) go('dead');
  }
  return {unmount: () => aborter.abort()};
}

// Asked of the list first: it answers for a letter that has gone, where the letter's own address is an error.
async function isThere(seq, signal) {
  if (!/^[1-9]\d{0,15}$/.test(seq)) return false;
  const {dead_letters: [first]} = await get('/v1/dlq', {after: seq - 1, count: 1}, {signal});
  return first?.seq === Number(seq);
}

function shown(letter) {
  const {from, routes = []} = letter;
  const error = (at, text) => text ? h('span', {}, moment(at), ': ', name(short(text, 1_000))) : '';
  return [
    h('p', {class: 'banner warn'}, name(short(letter.reason, 1_000))),
    h('div', {class: 'columns'},
      h('section', {class: 'sheet', 'aria-label': 'How it died'}, h('h2', {}, 'How it died'), facts([
        ['Died', moment(letter.died_ms)], ['Tried', letter.attempts ? plural(letter.attempts, 'time') : 'not at all'],
        ['First error', error(letter.first_error_ms, letter.first_error)],
        ['Last error', error(letter.last_error_ms, letter.last_error)],
        ['Came from', h('span', {}, origin(from), from.seq ? `, seq ${from.seq}, ${priorityWords(from.priority)}`
          : '')],
        ['Routes to there', routes.length
          ? h('span', {}, routes.map((route, i) =>
          [i ? ', ' : '', h('a', {href: link('route', route)}, name(short(route, 80)))])) : ''],
        ['Its life', h('a', {href: link('message', lifeOf(letter))}, `seq ${lifeOf(letter)}`)],
      ])),
      h('section', {class: 'sheet', 'aria-label': 'The message'}, h('h2', {}, 'The message'), facts([
        ['Topic', name(short(letter.topic, 2_000))], ['From', source(letter)],
        ['Came', h('span', {title: utc(letter.arrived_ms)}, moment(letter.arrived_ms))],
        ['Size', `${bytes(letter.body_bytes)}, QoS ${letter.qos}${letter.retain ? ', retained' : ''}`],
      ]), properties(letter))),
    h('section', {class: 'sheet', 'aria-label': 'Body'}, h('h2', {}, 'Body'), bodyView(letter)),
  ];
}
