// What may be done to a queue: stop and resume it, put its dead letters back, drop what waits or what a filter takes.
// Each verb counts first, asks with that number, and what takes long shows how far it is and can be stopped.
import {h, name, setText, short} from '../../lib/dom.js';
import {get, path, post} from '../../lib/api.js';
import {act, ask, toast} from '../../lib/dialog.js';
import {bytes, count, plural} from '../../lib/format.js';
import {askable, consumer, isDead} from './words.js';

const COUNT_MAX = 20_000;  // counted one by one before the question; beyond it the question says "at least"
const PAGE = 1_000;
const HUBS_OWN = ['routes', 'hub'];
const UNITS_MS = {s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000};

const queue = (text) => name(short(text, 120));

// A verb that goes on in steps: how far it is, and a button that stops it.
export function progress() {
  const said = h('span', {role: 'status'});
  const stop = h('button', {type: 'button', class: 'quiet', onclick: () => aborter?.abort()}, 'Stop');
  const element = h('p', {class: 'banner progress', hidden: true}, said, ' ', stop);
  let aborter = null;
  return {
    element,
    busy: () => aborter !== null,
    stop: () => aborter?.abort(),
    // Runs work(say, signal); resolves to its value, or undefined if it failed or was stopped.
    async run(work) {
      if (aborter) return undefined;
      aborter = new AbortController();
      element.hidden = false;
      setText(said, '');
      try {
        return await work((text) => setText(said, text), aborter.signal);
      } catch (error) {
        if (error.name !== 'AbortError') toast(error.message, 'bad');
        return undefined;
      } finally {
        element.hidden = true;
        aborter = null;
      }
    },
  };
}

export function verbs(of, app) {
  const works = progress();
  const button = (text, onclick, kind = 'quiet') => h('button', {type: 'button', class: kind, hidden: true, onclick},
    text);
  const pause = button('Pause\u2026', () => askPause(of, row, pause));
  const resume = button('Resume', () => act(resume, () => post(path('v1', 'queues', of, 'resume')),
    () => 'The queue hands out again.'), 'primary');
  const back = button('Put back dead letters\u2026', () => requeue(of, works));
  const drop = button('Drop all\u2026', () => purgeAll(of, row, drop), 'danger');
  let row = null;
  return {
    element: h('div', {class: 'verbs'}, pause, resume, back, drop, works.element),
    unmount: () => works.stop(),
    update(next) {
      row = next;
      const may = app.can('operate') && askable(of);
      const outside = isOutside(row);
      pause.hidden = !may || !outside || row.paused;
      resume.hidden = !may || !outside || !row.paused;
      back.hidden = !may || row.dead === 0 || isDead(row);
      drop.hidden = !may || !outside || row.waiting === 0;
    },
  };
}

// Only what somebody outside the hub reads may be stopped or emptied here: the hub's own queues are its memory.
export function isOutside(row) {
  return row.consumer ? !HUBS_OWN.includes(row.consumer.kind) : consumer(row).text !== 'the hub' &&
    !row.name.startsWith('$comp') && !isDead(row);
}

async function askPause(of, row, button) {
  const yes = await ask({
    title: 'Pause this queue?', verb: 'Pause',
    text: [h('p', {}, 'Queue ', queue(of),
      ` hands out nothing from now on, over any restart, until it is resumed. ${plural(row.waiting, 'message')} ` +
        `(${bytes(row.waiting_bytes)}) now ${row.waiting === 1 ? 'waits' : 'wait'}; more go on to come in, and its ` +
        'limits and times to live hold as ever.'),
           'What is on its way to the consumer already may still be acknowledged.'],
  });
  if (yes) act(button, () => post(path('v1', 'queues', of, 'pause')), () => 'The queue is paused.');
}

async function purgeAll(of, row, button) {
  const yes = await ask({
    title: `Drop ${plural(row.waiting, 'message')}?`, verb: `Drop ${count(row.waiting)}`, danger: true,
    text: [h('p', {}, 'All that waits in queue ', queue(of),
      ` is dropped: ${plural(row.waiting, 'message')}, ${bytes(row.waiting_bytes)}, and what comes in until you ` +
        `have answered.`),
           'Nobody gets them then, and they cannot be brought back. What is on its way to the consumer may still ' +
             'arrive.'],
  });
  if (yes) act(button, () => post(path('v1', 'queues', of, 'purge')),
    ({purged}) => `${plural(purged, 'message')} dropped.`);
}

// ---- dead letters of one queue ----

// Letters that came from queue `of` (all: empty): how many, of how many bytes.
export async function countLetters(of, say, signal) {
  const found = {n: 0, bytes: 0};
  for (let after = 0; ;) {
    const page = await get('/v1/dlq', {after, count: PAGE}, {signal});
    for (const letter of page.dead_letters) {
      if (of && letter.from.queue !== of) continue;
      ++found.n;
      found.bytes += letter.body_bytes;
    }
    say(`Counting: ${plural(found.n, 'dead letter')} so far\u2026`);
    if (page.next <= after) return found;
    after = page.next;
  }
}

// Puts them back, some hundred at a time: {replayed: N, refused: [{letter, error}…]}.
export async function replayLetters(of, say, signal) {
  const done = {replayed: 0, refused: []};
  for (let after = 0; ;) {
    const step = await post('/v1/dlq/replay', {params: {after, queue: of}, signal});
    done.replayed += step.replayed.length;
    done.refused.push(...step.refused);
    const stay = done.refused.length ? `, ${count(done.refused.length)} refused` : '';
    say(`${plural(done.replayed, 'letter')} put back${stay}\u2026`);
    if (step.next <= after) return done;
    after = step.next;
  }
}

async function requeue(of, works) {
  const found = await works.run((say, signal) => countLetters(of, say, signal));
  if (!found) return;
  if (found.n === 0) return toast('No dead letter of this queue is there any more.');
  const yes = await ask({
    title: `Put ${plural(found.n, 'dead letter')} back?`, verb: `Put back ${count(found.n)}`,
    text: [h('p', {}, `${plural(found.n, 'dead letter')} (${bytes(found.bytes)}) that came from queue `, queue(of),
      ` ${found.n === 1 ? 'goes' : 'go'} to the end of it, with the time to live that ` +
        `${found.n === 1 ? 'it' : 'they'} had at first.`),
           'First remove the cause, or they die again. To choose single ones, see the dead letters.'],
  });
  if (!yes) return;
  const done = await works.run((say, signal) => replayLetters(of, say, signal));
  if (done) sayReplayed(done);
}

export function sayReplayed({replayed, refused}) {
  if (!refused.length) return toast(`${plural(replayed, 'dead letter')} put back.`);
  toast(`${plural(replayed, 'dead letter')} put back; ${count(refused.length)} stay: ${refused[0].error}`, 'bad');
}

// ---- what a filter takes ----

// The filter with its times fixed at this moment, so that what is dropped is what was counted, and nothing that came
// since.
function frozen(filter, now_ms) {
  const at = (text) => {
    const [, n, unit] = /^\s*(\d+)\s*([smhdw])\s*$/.exec(text ?? '') ?? [];
    return n ? new Date(now_ms - n * UNITS_MS[unit]).toISOString() : text;
  };
  return {...filter, since: at(filter.since), until: filter.until ? at(filter.until)
    : new Date(now_ms + 1).toISOString()};
}

async function countFound(of, filter, say, signal) {
  const found = {n: 0, bytes: 0, all: false};
  for (let cursor; found.n < COUNT_MAX;) {
    const page = await get(path('v1', 'queues', of, 'messages'), {...filter, limit: PAGE, cursor}, {signal});
    found.n += page.messages.length;
    found.bytes += page.messages.reduce((sum, {body_bytes}) => sum + body_bytes, 0);
    say(`Counting: ${plural(found.n, 'message')} so far\u2026`);
    if (page.done || !page.next) return {...found, all: true};
    cursor = page.next;
  }
  return found;
}

// Counts, asks, drops within the hub's budget again and again. Resolves to true if something was dropped.
export async function purgeFound({of, filter, words, works, now_ms}) {
  const fixed = frozen(filter, now_ms);
  const found = await works.run((say, signal) => countFound(of, fixed, say, signal));
  if (!found) return false;
  if (found.n === 0) {
    toast('The filter takes no message that waits.');
    return false;
  }
  const n = `${found.all ? '' : 'at least '}${plural(found.n, 'message')}`;
  const yes = await ask({
    title: `Drop ${n}?`, verb: found.all ? `Drop ${count(found.n)}` : 'Drop them all', danger: true,
    text: [h('p', {}, `${found.all ? 'What the filter takes' : 'All that the filter takes'} is dropped from queue `,
      queue(of), `: ${n}, ${found.all ? '' : 'at least '}${bytes(found.bytes)}.`),
           h('p', {}, 'The filter: ', h('code', {}, words), `. What has come since the count (${fixed.until}) stays.`),
           'They cannot be brought back. What is on its way to the consumer may still arrive.'],
  });
  if (!yes) return false;
  let purged = 0;
  const done = await works.run(async (say, signal) => {
    for (let cursor; ;) {
      const step = await post(path('v1', 'queues', of, 'purge'), {params: {...fixed, cursor}, signal});
      purged += step.purged;
      say(`${plural(purged, 'message')} dropped\u2026`);
      if (step.done || !step.next) return true;
      cursor = step.next;
    }
  });
  toast(done ? `${plural(purged, 'message')} dropped.`
    : `Stopped: ${plural(purged, 'message')} dropped up to there, and perhaps some more.`, done ? 'good' : 'bad');
  return purged > 0 || !done;
}
