// One queue at a glance: what stands, since when, why, what will be lost and when, and what to do; its account; its
// messages.
import {h, keyed, name, replace, setAttr, setNumber, setText, short, visible} from '../../lib/dom.js';
import {bytes, count, duration, percent, plural, rate, utc, when} from '../../lib/format.js';
import {meter, spark} from '../../lib/plot.js';
import {link} from '../../lib/router.js';
import {messages} from './messages.js';
import {verbs} from './verbs.js';
import {ACCOUNT, consumer, depthOf, difference, gone, isDead, isHistory, losses, priorityText, stateWord, trouble,
        why, sinceWords, whatToDo} from './words.js';

export function one(root, route, app) {
  const {live} = app;
  const title = h('bdi', {class: 'name', title: visible(route.name).slice(0, 1000)}, short(route.name, 200));
  const state = h('span', {class: 'tag', 'data-field': 'state'});
  const absent = h('p', {class: 'banner warn', hidden: true, role: 'status'});
  const parts = [glance(app), account(), numbers(app), lanes(), gaps()];
  const does = verbs(route.name, app);
  const found = messages(route, app);
  const body = h('div', {'data-queue': route.name, hidden: true},
    h('div', {class: 'columns queue-parts'}, parts.map(({element}) => element)), found.element);
  root.append(
    h('div', {class: 'head'}, h('h1', {}, h('a', {class: 'up', href: link('queue')}, 'Queues'), ' / ', title), state,
      does.element),
    absent, body);

  function update() {
    const row = live.queues.get(route.name);
    absent.hidden = Boolean(row);
    if (row) body.hidden = false;
    if (!row) return setText(absent,
      'The hub has no queue of this name, or has it no more. A queue goes with its session, or with the last route ' +
        'that leads to it once it is empty.');
    setText(state, stateWord(row));
    setAttr(state, 'class', 'tag ' + trouble(row));
    for (const part of parts) part.update(row);
    does.update(row);
    found.update(row);
  }
  return {
    update,
    route: (next) => found.route(next),
    unmount() {
      does.unmount();
      found.unmount();
    },
  };
}

// ---- at a glance ----

// Rows of a question and its answer; an answer is text or nodes, written only when it differs.
function glance({live}) {
  const facts = {};
  const list = h('dl', {class: 'glance'});
  for (const [key, question] of [['stuck', 'What waits'], ['since', 'Since when'], ['why', 'Why'], ['todo', 'What to do'],
    ['lost', 'What will be lost'],
                                 ['gone', 'When it is gone'], ['consumer', 'Drained by']]) {
    facts[key] = {dt: h('dt', {}, question), dd: h('dd', {'data-field': key})};
    list.append(facts[key].dt, facts[key].dd);
  }
  const say = (key, text) => {
    facts[key].dt.hidden = facts[key].dd.hidden = text === '';
    setText(facts[key].dd, text);
  };
  const reasons = h('ul', {class: 'plain-list'});
  replace(facts.why.dd, reasons);
  const sayWhy = ({dt, dd}, row) => {
    dt.hidden = dd.hidden = row.waiting === 0 || isHistory(row);
    const said = short(why(row), 2_000) || 'It goes on: nothing is in its way.';
    lines(reasons, said.split(/; (?=link )/).map((text) => ({text})));
    setAttr(dd, 'class', why(row) && !isDead(row) ? 'bad-text' : null);
  };
  const lost = h('ul', {class: 'plain-list'});
  replace(facts.lost.dd, lost);
  const dead = h('p', {class: 'hint', hidden: true},
    h('a', {href: link('dead')}, 'Look at the dead letters, put them back or drop them'));
  return {
    element: h('section', {class: 'sheet glance-sheet', 'aria-label': 'At a glance'}, h('h2', {}, 'At a glance'), list,
      dead),
    update(row) {
      const rates = {in: live.rate('queues', row.name, 'in'), out: live.rate('queues', row.name, 'delivered')};
      say('stuck', row.waiting === 0 ? 'Nothing.'
        : `${plural(row.waiting, 'message')}, ${bytes(row.waiting_bytes)}; the oldest for ` +
          `${duration(live.now_ms - row.oldest_ms)}.`);
      say('since', sinceWords(row, live));
      setAttr(facts.since.dd, 'title', why(row) && row.blocked_since_ms ? utc(row.blocked_since_ms) : null);
      sayWhy(facts.why, row);
      say('todo', whatToDo(row, live));
      const said = losses(row, rates, live.now_ms, expiry(row, live));
      lines(lost, said);
      say('gone', gone(row, live));
      drainedBy(facts.consumer.dd, row);
      dead.hidden = !isDead(row);
    },
  };
}

const lines = (list, said) => keyed(list, said.map((one, i) => ({...one, i})), ({i}) => i, () => h('li'),
  (li, {text, severity}) => {
  setText(li, text);
  setAttr(li, 'class', severity ? severity + '-text' : null);
});

// Unix ms at which the first message of the queue expires, if the forecast knows it.
function expiry(row, {forecast}) {
  const first = forecast?.first_to_expire;
  return first?.queue === row.name ? first.expires_ms : 0;
}

function drainedBy(dd, row) {
  const {text, name: who, view, away} = consumer(row);
  const key = JSON.stringify([text, who, away]);
  if (dd.drawn === key) return;
  dd.drawn = key;
  const shown = who && name(short(who, 80));
  replace(dd, text, who ? ' ' : null,
    view && who ? h('a', {href: view === 'clients' ? link(view, who) : link('clients', '', {find: who})}, shown)
    : shown, who ? (away ? ', which is away' : ', which is connected') : null);
}

// ---- account ----

const TITLES = {in: 'in', delivered: 'delivered', waiting: 'waiting', expired: 'expired', dropped: 'dropped',
  dead: 'dead'};

// The equation with its numbers: each message that came in is in exactly one of them.
function account() {
  const cells = {};
  const term = (field, sign) => h('span', {class: 'signed'},
    sign && h('span', {class: 'sign', 'aria-hidden': 'true'}, sign),
    h('span', {class: 'term term-' + field}, cells[field] = h('span', {class: 'term-number', 'data-field': field}),
      h('span', {class: 'term-title'}, TITLES[field])));
  const equation = h('p', {class: 'equation'}, term('in', ''),
    ACCOUNT.map((field, i) => term(field, i === 0 ? '=' : '+')));
  const problem = h('p', {class: 'bad-text', hidden: true});
  const refused = h('p', {class: 'hint', hidden: true}, h('span', {'data-field': 'refused'}),
    ' were refused for lack of room since the hub\u2019s start, and are not part of it: their publishers wait, or ' +
      'were told.');
  return {
    element: h('section', {class: 'sheet', 'aria-label': 'Account'}, h('h2', {}, 'Account of each message'), equation,
      problem, refused),
    update(row) {
      for (const [field, cell] of Object.entries(cells)) setNumber(cell, row[field], count(row[field]));
      for (const field of ['expired', 'dropped', 'dead'])
        setAttr(cells[field].parentElement, 'class', `term term-${field}${row[field] > 0 ? ' some' : ''}`);
      const left = difference(row);
      problem.hidden = left === 0;
      setText(problem, left === 0 ? ''
        : `It does not add up: ${plural(Math.abs(left), 'message')} ` +
          `${left > 0 ? 'came in that are in none of the others' : 'too many on the right'}.`);
      refused.hidden = row.refused === 0;
      setNumber(refused.firstChild, row.refused, count(row.refused));
    },
  };
}

// ---- numbers against limits ----

function numbers({live}) {
  const bars = {
    waiting: bar('Waiting', 'waiting'), waiting_bytes: bar('Size', 'waiting_bytes'), oldest: bar('Oldest', 'oldest_ms'),
  };
  const flow = h('p', {class: 'flow-rates'}, h('span', {'data-field': 'in_rate'}), ' in, ',
    h('span', {'data-field': 'out_rate'}), ' out');
  const depth = spark({label: 'Depth over the last minutes'});
  const range = h('p', {class: 'hint'});
  const full = h('p', {class: 'hint'});
  return {
    element: h('section', {class: 'sheet', 'aria-label': 'Depth and limits'}, h('h2', {}, 'Depth against its limits'),
      h('div', {class: 'limits'}, Object.values(bars).map(({nodes}) => nodes)), full, flow, depth.element, range),
    update(row) {
      const {messages_max, bytes_max, age_max_ms, on_full} = row.limits;
      const age = row.oldest_ms ? Math.max(0, live.now_ms - row.oldest_ms) : 0;
      bars.waiting.update(row.waiting, row.waiting, messages_max, count, isHistory(row));
      bars.waiting_bytes.update(row.waiting_bytes, row.waiting_bytes, bytes_max, bytes, isHistory(row));
      bars.oldest.update(row.oldest_ms, age, age_max_ms, row.oldest_ms ? duration : () => '\u2013', isHistory(row));
      setText(full, messages_max || bytes_max ? `When full: ${on_full}.` : age_max_ms ? ''
        : 'It has no limits of its own; the disk is its limit.');
      const rates = [live.rate('queues', row.name, 'in'), live.rate('queues', row.name, 'delivered')];
      [flow.children[0], flow.children[1]].forEach((span, i) => setNumber(span, rates[i].toFixed(3), rate(rates[i])));
      const points = depthOf(row, live.now_ms);
      const values = points.map(([, value]) => value);
      const [least, most] = [Math.min(...values), Math.max(...values)];
      const over = duration(live.now_ms - points[0][0]);
      const said = least === most ? `Depth: ${count(most)} all the time over ${over}`
        : `Depth over ${over}: from ${count(values[0])} to ${count(row.waiting)}, between ${count(least)} and ` +
          `${count(most)}`;
      const enough = points.length > 2;
      setAttr(depth.element, 'hidden', !enough);
      if (enough) depth.update(points, said);
      setText(range, enough ? said + '.' : 'The depth is drawn here once it has been watched for some seconds.');
    },
  };
}

function bar(title, field) {
  const part = meter(title + ' against its limit');
  const text = h('span', {'data-field': field});
  const of = h('span', {class: 'hint'});
  const place = h('span', {}, part.element);
  return {
    nodes: [h('span', {class: 'limits-title'}, title), place, h('span', {class: 'limits-text'}, text, ' ', of)],
    update(raw, value, max, show, calm) {
      setNumber(text, raw, show(value));
      setText(of, max > 0 ? `of ${show(max)}, ${percent(value, max)}` : 'no limit');
      place.style.visibility = max > 0 ? 'visible' : 'hidden';
      if (max > 0) part.update(value, max, calm ? 'none' : '');
    },
  };
}

// ---- lanes and gaps ----

const cell = (field) => h('td', {class: 'number', 'data-field': field});

function lanes() {
  const body = h('tbody');
  const element = h('section', {class: 'sheet', 'aria-label': 'Priorities', hidden: true}, h('h2', {}, 'By priority'),
    h('p', {class: 'hint'}, '0 goes first; messages without a priority go last.'),
    h('div', {class: 'rows', role: 'region', 'aria-label': 'Table of priorities', tabindex: '0'},
      h('table', {}, h('caption', {class: 'unseen'}, 'Lanes of the queue'),
        h('thead', {}, h('tr', {}, ['Priority', 'Waiting', 'Size', 'Oldest came'].map((title, i) =>
          h('th', {scope: 'col', class: i ? 'number' : null}, title)))),
        body)));
  return {
    element,
    update(row) {
      element.hidden = row.lanes.length < 2;
      keyed(body, row.lanes, ({lane}) => lane,
        ({lane, priority}) => h('tr', {'data-lane': lane}, h('th', {scope: 'row'}, priorityText(priority)),
          cell('waiting'), cell('waiting_bytes'), cell('oldest_ms')),
        (tr, lane) => {
          setNumber(tr.children[1], lane.waiting, count(lane.waiting));
          setNumber(tr.children[2], lane.waiting_bytes, bytes(lane.waiting_bytes));
          setNumber(tr.children[3], lane.oldest_ms, when(lane.oldest_ms));
          setAttr(tr.children[3], 'title', utc(lane.oldest_ms));
        });
    },
  };
}

const GAPS_SHOWN = 50;
const range = (from, to) => from === to ? `seq ${from}` : `seq ${from} to ${to}`;

// Losses that the consumer is told of: seqs that it does not get, and why.
function gaps() {
  const list = h('ul', {class: 'plain-list'});
  const more = h('p', {class: 'hint'});
  const element = h('section', {class: 'sheet', 'aria-label': 'Gaps', hidden: true}, h('h2', {}, 'Gaps'),
    h('p', {class: 'hint'}, 'What the consumer does not get, and is told so.'), list, more);
  return {
    element,
    update(row) {
      element.hidden = row.gaps.length === 0;
      keyed(list, row.gaps.slice(-GAPS_SHOWN).reverse(), ({from, to, why}) => `${from} ${to} ${why}`, () => h('li'),
        (li, {from, to, count: n, why, into}) =>
        setText(li, `${plural(n, 'message')} ${why}: ${range(from, to)}` +
          (into ? `, now in ${range(into[0], into[1])}` : '')));
      setText(more, row.gaps.length > GAPS_SHOWN ? `and ${count(row.gaps.length - GAPS_SHOWN)} older ones` : '');
    },
  };
}
