// Cards of the flow: one for each node, made once and then only written where something differs.
//
//   const li = card(node, {onWay, onGroup}); li.show(node, {now_ms, trend})
import {h, name, s, setAttr, setNumber, setText, short, visible} from '../../lib/dom.js';
import {bytes, count, duration, plural, rate, utc, when} from '../../lib/format.js';
import {meter} from '../../lib/plot.js';
import {groupName} from './group.js';
import {beganBefore} from '../queue/words.js';
import {filled, goneWords, hrefOf, inTime, isDown} from './model.js';

const NAME_MAX = 90;
const TITLE_MAX = 1_000;

const field = (key) => h('span', {'data-field': key});
const line = (...children) => h('p', {class: 'flow-line'}, children);

function setClass(node, wanted) {
  if (node.className !== wanted) node.className = wanted;
}

const measured = (bar, ...children) => line(h('span', {class: 'flow-text'}, children), bar.element);

// A sentence of the hub's, of which a card has room for the beginning.
function sentence(kind = 'flow-why') {
  const element = h('p', {class: kind, hidden: true});
  return {element, show(text) {
    element.hidden = !text;
    setText(element, short(text, 400));
    setAttr(element, 'title', text ? short(text, TITLE_MAX) : null);
  }};
}

export function card(node, {onWay, onGroup}) {
  const body = (node.kind === 'group' ? groupCard : CARDS[node.kind] ?? plainCard)(node, onGroup);
  const why = sentence();
  const way = node.kind === 'group' && node.open ? null : wayButton(node, onWay);
  const li = h('li', {...body.data, onclick: (event) => {
    if (!event.target.closest('a, button') && getSelection().isCollapsed) onWay(node.id);
  }}, h('div', {class: 'flow-top'}, body.title ?? titleLink(node), body.tag, way), body.lines, why.element, body.last);
  li.show = (now, context) => {
    setClass(li, ['flow-node', 'flow-' + now.kind, now.open && 'open', now.trouble, context.dim?.(now.id) && 'dim',
                  context.select === now.id && 'selected'].filter(Boolean).join(' '));
    if (way) setAttr(way, 'aria-pressed', String(context.select === now.id));
    why.show(now.why);
    body.show?.(now, context);
  };
  return li;
}

const titleLink = (node) => h('a', {class: 'flow-name', href: hrefOf(node), title: short(node.name, TITLE_MAX)},
                              name(short(node.label ?? node.name, NAME_MAX)));

function wayButton(node, onWay) {
  const words = `Show the way through ${short(node.name, NAME_MAX)}`;
  return h('button', {type: 'button', class: 'flow-way', 'aria-label': words, title: words, onclick: () => onWay(node.id)},
           s('svg', {viewBox: '0 0 16 10', width: 16, height: 10, 'aria-hidden': 'true'},
             s('path', {d: 'M1 5h14M11 1l4 4-4 4', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6})));
}

const CARDS = {
  source: plainCard, subscriptions: plainCard, topic: plainCard, null: plainCard, routes: computingCard,
  route: routeCard, queue: queueCard, client: consumerCard, module: consumerCard, link: linkCard, dead: deadCard,
};

// ---- sources, topics ----

function plainCard(node) {
  const speed = field('rate');
  return {lines: [h('p', {class: 'flow-sub'}, node.sub ?? ''), node.rate === undefined ? null : line(speed)],
          data: node.kind === 'source' ? {'data-source': node.name} : {}, show(now) {
    if (now.rate !== undefined) setNumber(speed, now.rate, rate(now.rate));
  }};
}

function computingCard() {
  const [sub, windows, speed] = [h('p', {class: 'flow-sub'}), field('groups'), field('rate')];
  return {lines: [sub, line(windows, ' \u00b7 ', speed)], show(now) {
    setText(sub, now.sub);
    setNumber(windows, now.groups, plural(now.groups, 'open window'));
    setNumber(speed, now.rate, rate(now.rate));
  }};
}

// ---- routes ----

function routeCard(node) {
  const [speed, windows, results, undecided] = [field('matched_rate'), field('groups'), field('results'), field('undefined')];
  const computed = h('p', {class: 'flow-line'}, windows, ' \u00b7 ', results);
  const marks = h('span', {class: 'flow-mark', title: 'Messages for which the condition is neither true nor false'},
                  ' \u00b7 ', undecided, ' undefined');
  const tag = h('span', {class: 'tag', hidden: true}, 'shadow');
  return {tag, data: {'data-route': node.name}, lines: [line(speed, ' matched', marks), computed], show({row, rate: matched}) {
    setNumber(speed, row.matched, rate(matched));
    marks.hidden = !row.undefined;
    setNumber(undecided, row.undefined, count(row.undefined));
    tag.hidden = !row.shadow;
    computed.hidden = !row.computed;
    if (!row.computed) return;
    setNumber(windows, row.computed.groups, plural(row.computed.groups, 'open window'));
    setNumber(results, row.results, plural(row.results, 'result'));
  }};
}

// ---- queues ----

const sinceWords = (since_ms, now_ms) => `for ${duration(now_ms - since_ms)}, since ${when(since_ms, now_ms)}`;

const stuckWords = (row, now_ms, started_ms) => beganBefore(row, started_ms)
  ? `since before the hub\u2019s start at ${when(started_ms, now_ms)}` : sinceWords(row.blocked_since_ms, now_ms);

function trendLine() {
  const area = s('path', {class: 'flow-trend-area'});
  const element = s('svg', {class: 'flow-trend', viewBox: '0 0 100 20', preserveAspectRatio: 'none', 'aria-hidden': 'true'}, area);
  return {element, show(points, now_ms, span_ms) {
    const most = points.length < 3 ? 0 : Math.max(...points.map(([, value]) => value));
    setAttr(element, 'class', most > 0 ? 'flow-trend' : 'flow-trend none');
    if (most === 0) return;
    const x = (ms) => Math.max(0, 100 - 100 * (now_ms - ms) / span_ms).toFixed(1);
    const y = (value) => (20 - 19 * value / most).toFixed(1);
    const line = points.map(([ms, value]) => `L${x(ms)} ${y(value)}`).join('');
    setAttr(area, 'd', `M${x(points[0][0])} 20${line}L${x(points.at(-1)[0])} 20Z`);
  }};
}

function queueCard(node) {
  const [waiting, oldest] = [field('waiting'), field('oldest_ms')];
  const [size, speeds] = [h('span', {class: 'flow-of'}), h('span', {class: 'flow-of'})];
  const [depth, age] = [meter('Depth, of its limit'), meter('Oldest, of its limit')];
  const trend = trendLine();
  const tag = h('span', {class: 'tag warn', hidden: true}, 'paused');
  const parts = [measured(depth, waiting, ' waiting', size), measured(age, 'oldest ', oldest)];
  const since = h('p', {class: 'flow-sub', hidden: true});
  const lines = [h('p', {class: 'flow-speeds'}, speeds, trend.element), ...parts];
  return {tag, data: {'data-queue': node.name}, lines, last: since, show(now, {now_ms, started_ms, trend: of, span_ms}) {
    const row = now.row;
    for (const part of parts) part.hidden = !row;
    setText(speeds, row ? `${rate(now.in)} in \u00b7 ${rate(now.out)} out` : now.sub);
    tag.hidden = !row?.paused;
    since.hidden = !row?.blocked_since_ms;
    if (!row) return;
    showDepth(row, now_ms);
    setText(since, row.blocked_since_ms ? stuckWords(row, now_ms, started_ms) : '');
    trend.show(of(row.name), now_ms, span_ms);
  }};

  function showDepth(row, now_ms) {
    const {messages, bytes: part, age: used} = filled(row, now_ms);
    const limits = row.limits ?? {};
    const fuller = (part ?? 0) > (messages ?? 0) ? part : messages ?? part;
    setNumber(waiting, row.waiting, count(row.waiting));
    setText(size, row.waiting ? `, ${bytes(row.waiting_bytes)}` : '');
    setAttr(waiting, 'title', [limits.messages_max && `of ${count(limits.messages_max)} messages`,
                               limits.bytes_max && `of ${bytes(limits.bytes_max)}`].filter(Boolean).join(', ') || null);
    depth.element.hidden = fuller === null;
    if (fuller !== null) depth.update(Math.round(1000 * fuller), 1000);
    setNumber(oldest, row.oldest_ms, row.oldest_ms ? duration(now_ms - row.oldest_ms) : '\u2013');
    setAttr(oldest, 'title', row.oldest_ms ? utc(row.oldest_ms) : null);
    age.element.hidden = !limits.age_max_ms;
    if (limits.age_max_ms) age.update(Math.round(1000 * (used ?? 0)), 1000);
  }
}

function deadCard() {
  const waiting = field('waiting');
  return {data: {'data-queue': '$dead'}, lines: [line(waiting, ' dead letters')], show({row}) {
    setNumber(waiting, row.waiting, count(row.waiting));
  }};
}

// ---- consumers ----

function consumerCard(node) {
  const [sub, speed] = [h('p', {class: 'flow-sub', 'data-field': 'connected'}), field('rate')];
  return {data: {[`data-${node.kind}`]: node.name}, lines: [sub, line(speed)], show(now, {now_ms}) {
    const state = now.connected === null ? '' : now.connected ? ', connected'
      : now.since_ms ? `, away since ${when(now.since_ms, now_ms)}` : ', away';
    setText(sub, now.kind + state);
    setNumber(speed, now.rate, rate(now.rate));
  }};
}

// ---- links ----

const STATES = {connected: 'connected', connecting: 'connecting\u2026', waiting: 'down', idle: 'standing by'};

function budget(key, words) {
  const [used, most] = [field(key), h('span', {class: 'flow-of'})];
  const bar = meter(`Bytes ${words}, of the budget`);
  const element = measured(bar, words + ' ', used, most);
  return {element, show(value, max) {
    setNumber(used, value, bytes(value));
    setText(most, max ? ` of ${bytes(max)}` : '');
    bar.element.hidden = !max;
    if (max) bar.update(value, max);
  }};
}

function linkCard(node) {
  const tag = h('span', {class: 'tag', 'data-field': 'state'});
  const [place, since] = [h('p', {class: 'flow-sub'}), h('p', {class: 'flow-sub', hidden: true})];
  const gone = h('p', {class: 'flow-line', 'data-field': 'gone_ms'});
  const expires = sentence('flow-line warn-text');
  const [today, month] = [budget('day_bytes', 'today'), budget('month_bytes', 'month')];
  return {tag, data: {'data-link': node.name}, lines: [place], last: [since, today.element, month.element, gone, expires.element],
          show({row, forecast, expires: first, down_since_ms}, {now_ms}) {
    const down = isDown(row);
    setAttr(tag, 'data-value', row.state);
    setClass(tag, 'tag' + (down ? ' bad' : ''));
    setText(tag, down ? 'down' : STATES[row.state] ?? row.state);
    setText(place, `${visible(short(row.host, 60))}:${row.port}${row.cost && row.cost !== 'free' ? ` \u00b7 ${row.cost}` : ''}`);
    since.hidden = !down_since_ms;
    setText(since, down_since_ms ? sinceWords(down_since_ms, now_ms) : '');
    today.show(row.day_bytes, row.day_bytes_max);
    month.show(row.month_bytes, row.month_bytes_max);
    setText(gone, goneWords(row, forecast, now_ms));
    setAttr(gone, 'data-value', forecast?.gone_ms ?? '');
    expires.show(first ? `the first of ${first.queue} expire ${inTime(first.expires_ms, now_ms)}` : '');
  }};
}

// ---- groups ----

function groupCard(node, onGroup) {
  const [words, sums] = [h('bdi'), h('p', {class: 'flow-sub'})];
  const title = h('button', {type: 'button', class: 'flow-name plain', onclick: () => onGroup(node.key, 'toggle')}, words);
  const more = h('button', {type: 'button', class: 'flow-more', hidden: true, onclick: () => onGroup(node.key, 'more')});
  return {title, data: {'data-group': node.key}, lines: [sums], last: more, show(now, {now_ms}) {
    setAttr(title, 'aria-expanded', String(now.open));
    setText(words, groupName(now));
    setText(sums, groupWords(now, now_ms));
    more.hidden = !now.open || now.shown >= now.count;
    setText(more, `Show more (${count(now.count - now.shown)} left)`);
  }};
}

function groupWords(now, now_ms) {
  if (now.of === 'queue' || now.of === 'session') {
    const oldest = now.oldest_ms ? `, oldest ${duration(now_ms - now.oldest_ms)}` : '';
    return `${count(now.waiting)} waiting${oldest} \u00b7 ${rate(now.in)} in \u00b7 ${rate(now.out)} out`;
  }
  if (now.of === 'route') return `${rate(now.rate)} matched${now.groups ? ` \u00b7 ${plural(now.groups, 'open window')}` : ''}`;
  return rate(now.rate) + (now.away ? ` \u00b7 ${count(now.away)} away` : '');
}
