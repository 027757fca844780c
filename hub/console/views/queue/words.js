// What a queue's row says, in words: who drains it, why it stands, how full it is, and what will be lost and when.
// Pure: a row in, values out.
import {bytes, count, duration, plural, rate, soon, when} from '../../lib/format.js';

const AT_START_MS = 20_000;  // of the hub: links and clients come back
const LONG = 300;
const NAME_MAX = 60;
const FULL = 0.95;  // of a limit: from there on it is in trouble
const ON_FULL = {
  'reject': 'new messages are refused, and publishers wait',
  'drop-oldest': 'each new message pushes out the oldest',
  'drop-newest': 'new messages are dropped',
  'thin': 'the oldest readings are folded into sums of a minute, then of a quarter of an hour',
};
const KINDS = {client: 'client', module: 'module', link: 'link', routes: 'computing routes', hub: 'the hub',
  none: 'nobody'};

export const isDead = (row) => row.name === '$dead';
export const isHistory = (row) => row.name === '$history';

// Who drains it: {text, name, view, away}. `name` and `view` only if there is a page about it.
export function consumer(row) {
  const {kind, name = '', connected} = row.consumer ?? guessed(row);
  const words = KINDS[kind] ?? kind;
  if (kind === 'hub') return {text: isDead(row) ? 'nobody: it waits for you' : 'the hub', away: false};
  if (kind === 'none' || !name) return {text: words, away: kind === 'none'};
  const view = {client: 'clients', module: 'modules'}[kind] ?? '';
  return {text: words, name, view, away: connected === false};
}

function guessed({name}) {
  if (name.startsWith('session/')) return {kind: 'client', name: name.slice(8)};
  if (name.startsWith('modules/')) return {kind: 'module', name: name.split('/')[1]};
  if (name.startsWith('$upstream')) return {kind: 'link', name: name.slice(10)};
  return {kind: name === '$computing' ? 'routes' : 'hub'};
}

export function consumerText(row) {
  const {text, name, away} = consumer(row);
  return (name ? `${text} ${name}` : text) + (away && name ? ', away' : '');
}

// Why it stands; empty: it does not. A name of kilobytes is cut in it, so that what to do about it stays in sight.
export function why(row) {
  const text = (row.blocked ?? (row.paused && row.waiting > 0 ? 'paused by an operator' : '')).replaceAll('.;', ';');
  if (text.length < LONG) return text;
  const names = [row.name, row.consumer?.name ?? ''].filter((name) => name.length > NAME_MAX);
  return names.reduce((said, name) => said.replaceAll(name, name.slice(0, NAME_MAX) + '\u2026'), text);
}

// The hub forgets over a restart since when a queue is stuck: what begins with the hub, while something older waits, began before.
export const beganBefore = (row, started_ms) =>
  row.blocked_since_ms - started_ms < AT_START_MS && row.oldest_ms > 0 && row.oldest_ms < started_ms;

// Since when it is stuck; of what began before the hub the oldest message tells since when at most.
export function sinceWords(row, {status, now_ms}) {
  const since_ms = why(row) ? row.blocked_since_ms ?? 0 : 0;
  if (!since_ms) return '';
  const started_ms = status?.started_ms ?? 0;
  if (beganBefore(row, started_ms))
    return `before the hub\u2019s start at ${when(started_ms, now_ms)}; the oldest message came ${when(row.oldest_ms, now_ms)}`;
  return `${when(since_ms, now_ms)}, for ${duration(now_ms - since_ms)}`;
}

// What an operator does about it, where the hub goes on by itself; empty: the hub's words say it.
export function whatToDo(row, {upstream}) {
  if (!why(row) || row.paused || row.consumer?.kind !== 'link') return '';
  const hosts = new Set((upstream?.links ?? []).filter(({state}) => state === 'waiting' || state === 'connecting')
    .filter(({name}) => row.consumer.name.split(', ').includes(name)).map(({host, port}) => `${host}:${port}`));
  return hosts.size === 0 ? '' : `Nothing on this hub: it keeps all that waits, and sends it by itself. See whether ` +
    `${[...hosts].join(' and ')} is up, and can be reached from the hub\u2019s machine.`;
}

// The hub's clock, or before it has said anything the viewer's.
export const clock = (live) => live.now_ms || Date.now();

// Whether the hub can be asked about it alone: its HTTP server takes headers, and so addresses, of 16 KiB at most.
export const askable = (name) => encodeURIComponent(name).length <= 12_000;

// The fullest of its limits: {part, limit, value, max} or null without limits on its size.
export function fullness(row) {
  const {messages_max, bytes_max} = row.limits;
  const of = (limit, value, max) => max > 0 ? {limit, value, max, part: value / max} : null;
  const messages = of('messages', row.waiting, messages_max);
  const size = of('bytes', row.waiting_bytes, bytes_max);
  return messages && size ? (messages.part >= size.part ? messages : size) : messages ?? size;
}

export const isFull = (row) => !isHistory(row) && (fullness(row)?.part ?? 0) >= FULL;

// 'bad': something stands or is lost; 'warn': it soon may be.
export function trouble(row) {
  if (why(row) && !isDead(row) || isFull(row)) return 'bad';
  const part = fullness(row)?.part ?? 0;
  if (isDead(row) && row.waiting > 0 || row.paused || part >= 0.8 && !isHistory(row)) return 'warn';
  return '';
}

// One line for the list.
export function troubleText(row) {
  const said = [why(row)];
  if (isFull(row)) said.push(`full: ${onFull(row)}`);
  if (isDead(row) && row.waiting > 0 && !said[0]) said.push('dead letters wait for somebody to look at them');
  if (row.paused && !said[0]) said.push('paused; nothing waits yet');
  return said.filter(Boolean).join('; ');
}

export const onFull = (row) => ON_FULL[row.limits.on_full] ?? row.limits.on_full;

export function limitsText({limits: {messages_max, bytes_max, age_max_ms, on_full}}) {
  const said = [];
  if (messages_max > 0) said.push(count(messages_max));
  if (bytes_max > 0) said.push(bytes(bytes_max));
  if (age_max_ms > 0) said.push(duration(age_max_ms));
  return said.length === 0 ? 'none' : `${said.join(', ')}; ${on_full}`;
}

export const stateWord = (row) => row.paused ? 'paused' : row.waiting === 0 ? 'empty' : isHistory(row) ? 'kept' :
  isDead(row) ? 'to be looked at' : why(row) ? 'stuck' : 'flows';

// What leaves it besides being delivered does not return: the account of each message that came in.
export const ACCOUNT = ['delivered', 'waiting', 'expired', 'dropped', 'dead'];
export const difference = (row) => row.in - ACCOUNT.reduce((sum, field) => sum + row[field], 0);

export const priorityText = (priority) => priority === null || priority === undefined ? 'without' : String(priority);
export const priorityWords = (priority) => priorityText(priority) === 'without' ? 'without priority'
  : `priority ${priority}`;

// ---- what will be lost, and when ----

// Sentences, the most urgent first: [{text, severity}]. rates: {in, out} a second; expires_ms: of the first to expire,
// if known.
export function losses(row, rates, now_ms, expires_ms = 0) {
  const said = [];
  const filling = filled(row, rates, now_ms);
  if (filling) said.push(filling);
  const {age_max_ms} = row.limits;
  if (age_max_ms > 0 && row.oldest_ms > 0) {
    const at = row.oldest_ms + age_max_ms;
    said.push({severity: at - now_ms < age_max_ms / 5 ? 'warn' : '',
               text: `Messages expire at the age of ${duration(age_max_ms)}: the oldest ${moment(at, now_ms)}, if ` +
                 `it has not left by then.`});
  }
  if (expires_ms > 0)
    said.push({severity: expires_ms - now_ms < 600_000 ? 'warn' : '',
               text: `By its time to live, the first that waits expires ${moment(expires_ms, now_ms)}.`});
  if (!said.length)
    said.push({severity: '', text: isHistory(row) ? 'Nothing: these are copies for replays.'
      : 'Nothing: it has no limit that would drop or expire what waits.'});
  return said;
}

function filled(row, rates, now_ms) {
  const most = fullness(row);
  if (!most) return null;
  if (isHistory(row))
    return {severity: '', text: `It keeps the last ${bytes(row.limits.bytes_max)} of copies for replays; older ones ` +
      `leave.`};
  const {limit, part, value, max} = most;
  const held = limit === 'bytes' ? `${bytes(value)} of ${bytes(max)}` : `${count(value)} of ${plural(max, 'message')}`;
  if (part >= FULL) return {severity: 'bad', text: `It is full (${held}): ${onFull(row)}.`};
  const growth = rates.in - rates.out;
  const step = limit === 'bytes' ? row.waiting_bytes / Math.max(1, row.waiting) : 1;
  if (growth <= 0.01 || step === 0) return {severity: '',
    text: `It holds ${held}, and does not grow. Once it is full, ${onFull(row)}.`};
  const left_ms = 1000 * (max - value) / (growth * step);
  if (left_ms > 365 * 86_400_000) return {severity: '',
    text: `It holds ${held}; it will not be full within a year at ${rate(growth)} more.`};
  return {severity: left_ms < 3_600_000 ? 'warn' : '',
          text: `It holds ${held}. At ${rate(growth)} more than leave it is full ` +
            `${moment(now_ms + left_ms, now_ms)}; then ${onFull(row)}.`};
}

export function moment(at_ms, now_ms) {
  const left = at_ms - now_ms;
  return left <= 0 ? 'now' : `in ${duration(left)} (${when(at_ms, now_ms)})`;
}

// When what waits will be gone, by the forecast of its links: words, or empty without one.
export function gone(row, live) {
  const queue = (live.upstream?.queues ?? []).find(({name}) => name === row.name);
  if (!queue || row.waiting === 0) return '';
  const links = (live.forecast?.links ?? []).filter(({name}) => queue.link ? name === queue.link
    : queue.links.includes(name));
  const first = links.find(({messages}) => messages >= row.waiting) ?? links[0];
  if (!first) return '';
  if (!first.gone_ms) return `Not within a year, at the budget and pace of link ${first.name}.`;
  const at = soon(first.gone_ms - live.now_ms, moment(first.gone_ms, live.now_ms));
  if (first.state === 'connected' ||
    first.state === 'idle') return `By the budget and pace of link ${first.name}: ${at}.`;
  return `Not before link ${first.name} is up; if that were now, ${at}.`;
}

// ---- depth over the last minutes ----

const EVERY_MS = 5_000;
const POINTS_MAX = 120;
const depths = new Map();  // name → [[ms, waiting]…]
let watched = false;
let noted_ms = 0;

// Notes the depth of all queues from the first look at this view on, so that each has its past when it is opened.
export function watchDepths(live) {
  if (watched) return;
  watched = true;
  live.on(() => {
    if (live.state !== 'on' || live.now_ms - noted_ms < EVERY_MS) return;
    noted_ms = live.now_ms;
    for (const name of depths.keys()) if (!live.queues.has(name)) depths.delete(name);
    for (const [name, row] of live.queues) {
      let points = depths.get(name);
      if (!points) depths.set(name, points = []);
      points.push([noted_ms, row.waiting]);
      if (points.length > POINTS_MAX) points.shift();
    }
  });
}

export function depthOf(row, now_ms) {
  const points = depths.get(row.name) ?? [];
  return [...points.filter(([ms]) => ms < now_ms), [now_ms, row.waiting]];
}
