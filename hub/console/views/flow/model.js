// The hub as a graph: sources → routes → queues → consumers and links. Pure: from the live model to values.
//
//   model(live) → {nodes, edges, now_ms}
//   node: {id, column (0 to 3), kind, name, trouble ('' | 'warn' | 'bad'), why (in words), …what its card shows}
//   edge: {from, to, rate (messages a second; null: not known), trouble, idle (a way that may be taken, and is not now)}
import {bytes, duration, plural, soon, when} from '../../lib/format.js';
import {link} from '../../lib/router.js';

export const COLUMNS = ['Sources', 'Routes', 'Queues', 'Consumers and links'];
const FULL = 0.95;
const NEARLY = 0.8;

// The address of a node's view; made for those that are shown only.
export const hrefOf = ({to}) => link(...to);

export const worse = (a, b) => a === 'bad' || b === 'bad' ? 'bad' : a || b;

// ---- names ----

// Endpoints of a route are one text; none of them holds a comma before a name of another.
export const endpointsOf = (text) => text ? text.split(/, (?=\$|modules\/|topic:)/) : [];

// What a route takes from: told by the hub, else read from the route's text.
export function sourceOf(route) {
  if (route.source) return route.source;
  const found = /\bFROM\s+(?:'((?:[^']|'')*)'|"([^"]*)"|(\S+))/i.exec(route.text ?? '');
  return found ? (found[1] ?? found[2] ?? found[3]).replaceAll("''", "'") : 'unknown';
}

// The topics of a source, as a filter: outputs of modules come on topics of their own.
export function filterOf(source) {
  if (source.startsWith('$')) return '#';
  if (source.startsWith('/messages/')) return source.slice('/messages/'.length).replaceAll('*', '+');
  return source.startsWith('/') ? '#' : source;
}

function sourceWords(source) {
  const output = /^\/messages\/modules\/([^/]+)\/outputs\/(.+)$/.exec(source);
  if (output) return {label: output[2], sub: output[1] === '*' ? 'outputs of modules' : `output of module ${output[1]}`};
  if (source === '$upstream') return {sub: 'what comes down from upstream'};
  return {sub: source.startsWith('/') ? 'messages of devices and modules' : 'topics'};
}

// Who drains a queue. A hub that does not say so yet names its queues so that it can be told.
export function consumerOf(queue) {
  if (queue.consumer) return queue.consumer;
  const name = queue.name;
  if (name.startsWith('session/')) return {kind: 'client', name: name.slice('session/'.length), connected: null};
  const input = /^modules\/([^/]+)\/inputs\//.exec(name);
  if (input) return {kind: 'module', name: input[1], connected: null};
  if (name.startsWith('$upstream')) return {kind: 'link', name: '', connected: null};
  if (name === '$computing') return {kind: 'routes', name: '', connected: true};
  return {kind: name === '$dead' || name === '$history' ? 'hub' : 'none', name: '', connected: null};
}

const isSession = (queue) => queue.name.startsWith('session/');

// ---- the graph ----

export function model(live) {
  const graph = new Graph(live);
  for (const route of live.routes.values()) graph.addRoute(route);
  for (const queue of live.queues.values()) graph.addQueue(queue);
  for (const one of live.upstream.links ?? []) graph.addLink(one);
  for (const queue of live.queues.values()) graph.addConsumer(queue);
  return {nodes: [...graph.nodes.values()], edges: [...graph.edges.values()], now_ms: live.now_ms};
}

class Graph {
  constructor(live) {
    this.live = live;
    this.nodes = new Map();
    this.edges = new Map();
    this.feeders = new Map();  // queue → how many routes lead there
    this.ways = new Map((live.upstream.queues ?? []).map((row) => [row.name, row]));
    this.forecasts = new Map((live.forecast.links ?? []).map((row) => [row.name, row]));
    for (const route of live.routes.values())
      for (const to of endpointsOf(route.endpoint)) this.feeders.set(to, (this.feeders.get(to) ?? 0) + 1);
  }

  node(id, make) {
    let node = this.nodes.get(id);
    if (!node) this.nodes.set(id, node = {id, trouble: '', why: '', ...make()});
    return node;
  }

  edge(from, to, rate, {trouble = '', idle = false} = {}) {
    this.edges.set(from + '\n' + to, {from, to, rate, trouble, idle});
  }

  addRoute(route) {
    const {live} = this;
    const taken = live.rate('routes', route.name, 'evaluated');
    const from = sourceOf(route);
    const source = this.node('source:' + from, () => ({
      column: 0, kind: 'source', name: from, ...sourceWords(from), rate: 0, to: ['topics', filterOf(from)]}));
    source.rate = Math.max(source.rate, taken);
    const id = 'route:' + route.name;
    this.node(id, () => ({
      column: 1, kind: 'route', name: route.name, row: route, to: ['route', route.name],
      rate: live.rate('routes', route.name, 'matched'), ...routeTrouble(route)}));
    this.edge(source.id, id, taken);
    const ends = endpointsOf(route.endpoint);
    for (const end of ends) this.addEndpoint(route, id, end, ends.length === 1);
    if (route.computed && live.queues.has('$computing'))
      this.edge(id, 'queue:$computing', live.rate('routes', route.name, 'matched'));
  }

  // Results are counted for the route, not for each of its ends: where it has several, a queue that is fed by it alone tells.
  addEndpoint(route, from, end, only) {
    const {live} = this;
    const rate = only ? live.rate('routes', route.name, 'results')
      : this.feeders.get(end) === 1 && live.queues.has(end) ? live.rate('queues', end, 'in') : null;
    const trouble = route.computed?.blocked_by ? 'bad' : '';
    if (end === '$deadletter') return this.edge(from, 'queue:$dead', rate, {trouble: 'warn'});
    if (end === '$null') {
      this.node('null', () => ({column: 2, kind: 'null', rank: 1, name: '$null', sub: 'dropped on purpose', to: ['route']}));
      return this.edge(from, 'null', rate);
    }
    if (end.startsWith('topic:')) {
      const topic = end.slice('topic:'.length);
      const node = this.node(end, () => ({
        column: 2, kind: 'topic', name: topic, sub: 'a topic, for who subscribes to it', rate: 0,
        to: ['topics', topic.replace(/\{[^}/]*\}/g, '+')]}));
      node.rate += rate ?? 0;
      return this.edge(from, end, rate);
    }
    if (!live.queues.has(end))
      this.node('queue:' + end, () => ({
        column: 2, kind: 'queue', name: end, row: null, sub: 'nothing has come yet', to: ['queue', end]}));
    this.edge(from, 'queue:' + end, rate, {trouble});
  }

  addQueue(queue) {
    if (queue.name === '$dead') return this.addDead(queue);
    if (isSession(queue) && !queue.in && !queue.waiting) return;  // a session that nothing has come for, as modules have
    if (consumerOf(queue).kind === 'hub') return;  // what the hub keeps for itself, such as the record of what came
    if (queue.name === '$computing' && !queue.in && !queue.waiting) return;
    const {live} = this;
    const id = 'queue:' + queue.name;
    this.node(id, () => ({
      column: 2, kind: 'queue', name: queue.name, row: queue, to: ['queue', queue.name],
      session: isSession(queue), rank: isSession(queue) ? 1 : 0,
      in: live.rate('queues', queue.name, 'in'), out: live.rate('queues', queue.name, 'delivered'),
      ...queueTrouble(queue, live.now_ms)}));
    if (!isSession(queue)) return;
    const source = this.node('subscriptions', () => ({
      column: 0, kind: 'subscriptions', rank: 1, name: 'Subscriptions', sub: 'of clients that may be away', rate: 0,
      to: ['clients']}));
    const rate = live.rate('queues', queue.name, 'in');
    source.rate += rate;
    this.edge(source.id, id, rate);
  }

  addDead(queue) {
    const dead = queue.waiting > 0;
    const led = [...this.edges.values()].some(({to}) => to === 'queue:$dead');
    if (!dead && !led) return;
    this.node('queue:$dead', () => ({
      column: 3, kind: 'dead', rank: 2, name: '$dead', row: queue, to: ['dead'], trouble: dead ? 'warn' : '',
      why: dead ? 'Look at why they are there, then replay or purge them.' : ''}));
  }

  addConsumer(queue) {
    const from = 'queue:' + queue.name;
    const node = this.nodes.get(from);
    if (!node || node.kind === 'dead') return;
    const {live} = this;
    if (queue.dead > 0 && this.nodes.has('queue:$dead'))
      this.edge(from, 'queue:$dead', live.rate('queues', queue.name, 'dead'), {trouble: 'warn', idle: true});
    const out = live.rate('queues', queue.name, 'delivered');
    const consumer = consumerOf(queue);
    if (consumer.kind === 'link' || this.ways.has(queue.name)) return this.addWays(queue, from, node, out);
    if (consumer.kind === 'routes') return this.addComputing(from, node, out);
    if (consumer.kind !== 'client' && consumer.kind !== 'module') return;
    const taker = this.node(`${consumer.kind}:${consumer.name}`, () => ({
      column: 3, kind: consumer.kind, rank: consumer.kind === 'client' ? 1 : 0, name: consumer.name,
      connected: consumer.connected, rate: 0, since_ms: consumer.since_ms ?? 0,
      to: ['clients', consumer.name]}));
    taker.rate += out;
    if (consumer.connected === false && node.trouble) {
      taker.trouble = worse(taker.trouble, 'warn');
      taker.since_ms ||= queue.blocked_since_ms ?? 0;
    }
    this.edge(from, taker.id, out, {trouble: node.trouble});
  }

  addComputing(from, node, out) {
    const computing = [...this.live.routes.values()].filter((route) => route.computed);
    this.node('computing', () => ({
      column: 3, kind: 'routes', name: 'Computing routes', rate: out, to: ['route'],
      sub: plural(computing.length, 'route'), groups: computing.reduce((sum, {computed}) => sum + computed.groups, 0)}));
    this.edge(from, 'computing', out, {trouble: node.trouble});
  }

  addWays(queue, from, node, out) {
    const way = this.ways.get(queue.name);
    for (const name of way?.links ?? []) {
      if (!this.nodes.has('link:' + name)) continue;
      const taken = way.link === name || (!way.link && way.links.length === 1);
      this.edge(from, 'link:' + name, taken ? out : null, {trouble: taken || !way.link ? node.trouble : '', idle: !taken});
    }
  }

  // The forecast comes every few seconds: how much waits is known better from the queues.
  #forecastNow(forecast, link) {
    if (!forecast) return forecast;
    const waiting = this.live.upstream.queues.filter((queue) => (queue.link || queue.links[0]) === link)
      .reduce((sum, queue) => sum + (this.live.queues.get(queue.name)?.waiting ?? 0), 0);
    return {...forecast, messages: waiting};
  }

  addLink(one) {
    const {live} = this;
    const said = this.forecasts.get(one.name);
    const forecast = this.#forecastNow(said, one.name);
    const none = !live.upstream.links.some(({state}) => state === 'connected');
    const down_since_ms = isDown(one) && none ? live.status?.upstream?.down_since_ms ?? 0 : 0;
    const first = live.forecast.first_to_expire;
    const way = first && this.ways.get(first.queue);
    const expires = first && (way?.link || way?.links[0]) === one.name ? first : null;
    this.node('link:' + one.name, () => ({
      column: 3, kind: 'link', name: one.name, row: one, forecast, expires, down_since_ms,
      to: ['events', '', {find: 'link=' + one.name}], ...linkTrouble(one, said, expires, live.now_ms)}));
  }
}

// ---- trouble ----

function routeTrouble(route) {
  const error = (route.error ?? '').split('\n')[0];
  if (route.error && route.kept) return {trouble: 'bad', why: `Its new text is broken; the one before is in force. ${error}`};
  if (route.error) return {trouble: 'bad', why: `Broken, so it takes nothing. ${error}`};
  if (route.computed?.blocked_by) return {trouble: 'bad', why: `Its results wait: ${route.computed.blocked_by}`};
  if (route.type_errors > 0)
    return {trouble: 'warn', why: `${plural(route.type_errors, 'result')} could not be made. ${route.type_error_last ?? ''}`};
  return {};
}

// How much of its limits a queue has used: {messages, bytes, age}, each 0 to 1, or null without a limit.
export function filled(queue, now_ms) {
  const {messages_max = 0, bytes_max = 0, age_max_ms = 0} = queue.limits ?? {};
  const part = (value, max) => max > 0 ? value / max : null;
  return {messages: part(queue.waiting, messages_max), bytes: part(queue.waiting_bytes, bytes_max),
          age: queue.oldest_ms ? part(now_ms - queue.oldest_ms, age_max_ms) : null};
}

const ON_FULL = {
  'reject': 'publishers wait', 'drop-oldest': 'the oldest are dropped', 'drop-newest': 'what comes is dropped',
};

function queueTrouble(queue, now_ms) {
  const {messages, bytes: size, age} = filled(queue, now_ms);
  const full = Math.max(messages ?? 0, size ?? 0);
  const waits = queue.waiting > 0;
  if (waits && full >= FULL) {
    const why = `Full: ${ON_FULL[queue.limits.on_full] ?? queue.limits.on_full}.`;
    return {trouble: 'bad', why: queue.blocked ? `${why} ${queue.blocked}` : why};
  }
  if (queue.paused) return {trouble: 'warn', why: queue.blocked || 'Paused by an operator.'};
  if (queue.blocked) return {trouble: consumerOf(queue).kind === 'client' ? 'warn' : 'bad', why: queue.blocked};
  if (waits && full >= NEARLY) return {trouble: 'warn', why: 'Nearly full.'};
  if (waits && age !== null && age >= NEARLY)
    return {trouble: 'warn', why: `The oldest expire in ${duration(queue.oldest_ms + queue.limits.age_max_ms - now_ms)}.`};
  return {};
}

// A link that is not there although it is wanted. One that is just being made for the first time is not down yet.
export const isDown = (one) => one.hopeless || one.state !== 'connected' && one.state !== 'idle' &&
  (one.state === 'waiting' || Boolean(one.last_error));

export const spent = (one) => one.day_bytes_max > 0 && one.day_bytes >= one.day_bytes_max ||
  one.month_bytes_max > 0 && one.month_bytes >= one.month_bytes_max;

function linkTrouble(one, forecast, expires, now_ms) {
  if (isDown(one)) return {trouble: 'bad', why: downWords(one)};
  const late = expires && (expires.gone_ms === null || expires.gone_ms > expires.expires_ms);
  if (late)
    return {trouble: 'bad', why: `The first of ${expires.queue} expire ${inTime(expires.expires_ms, now_ms)}, before they can leave.`};
  if (forecast?.messages > 0 && (one.why || spent(one)))
    return {trouble: spent(one) ? 'bad' : 'warn', why: one.why || 'Its budget is spent.'};
  const used = Math.max(one.day_bytes_max ? one.day_bytes / one.day_bytes_max : 0,
                        one.month_bytes_max ? one.month_bytes / one.month_bytes_max : 0);
  if (used >= NEARLY) return {trouble: 'warn', why: 'Its budget is nearly spent.'};
  return {};
}

function downWords(one) {
  const error = one.last_error || 'It is not connected';
  if (one.hopeless) return `${error}; it needs somebody to mend it`;
  return one.retry_in_ms >= 1_000 ? `${error}; it tries again in ${duration(one.retry_in_ms)}` : `${error}; it tries again now`;
}

export const inTime = (at_ms, now_ms) => at_ms > now_ms ? `in ${duration(at_ms - now_ms)} (${when(at_ms)})` : 'now';

// When the backlog of a link will be gone, in words.
export function goneWords(one, forecast, now_ms) {
  if (!forecast) return '';
  if (forecast.messages === 0) return 'nothing waits for it';
  const size = `${plural(forecast.messages, 'message')}, about ${bytes(forecast.wire_bytes)} on the line`;
  if (forecast.gone_ms === null) return `${size}: not gone within a year, by its budget and hours`;
  if (one.state === 'idle') return `${size} wait for it`;
  if (one.state !== 'connected')
    return forecast.bytes_per_s > 0 ? `${size}: gone ${soon(forecast.gone_ms - now_ms, duration(forecast.gone_ms - now_ms))} after it is back` : `${size}, once it is back`;
  return `${size}: gone ${soon(forecast.gone_ms - now_ms, inTime(forecast.gone_ms, now_ms))}`;
}
