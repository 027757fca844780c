// All queues: who drains each, how much waits in it since when, and in words why it stands.
import {h, name, setAttr, setNumber, setText, short, visible} from '../../lib/dom.js';
import {bytes, count, duration, plural, rate, utc} from '../../lib/format.js';
import {meter} from '../../lib/plot.js';
import {link, replaceParams} from '../../lib/router.js';
import {Table, filterBox} from '../../lib/table.js';
import {consumer, consumerText, fullness, isFull, isHistory, limitsText, trouble, troubleText,
  why} from './words.js';

const PASTE = 'mosquitto_sub -p 1883 -i phone -c -q 1 -t \u2018plant/#\u2019';

export function list(root, route, {live}) {
  let find = route.params.get('find') ?? '';
  let only = route.params.get('trouble') === '1';
  const sort = route.params.has('sort') ? {field: route.params.get('sort'), down: route.params.get('up') !== '1'}
    : null;
  const table = new Table({
    caption: 'Queues', keyOf: (row) => row.name, columns: columns(live), sort, empty: 'No queue fits.',
    rowClass: trouble,
    onSort: ({field, down}) => replaceParams({sort: field, up: !down}),
  });
  const said = h('p', {class: 'said', role: 'status'});
  const hint = h('p', {class: 'hint', hidden: true},
    'A queue is made for each list of links and each module input that a route leads to, and ' +
    'for each client that keeps its session. To have one: ', h('code', {}, PASTE));
  const check = h('input', {type: 'checkbox', checked: only, onchange: () => {
    only = check.checked;
    replaceParams({trouble: only});
    update();
  }});
  root.append(
    h('div', {class: 'head'}, h('h1', {}, 'Queues'), h('a', {href: link('message')}, 'Look up a message'),
      h('a', {href: link('dead')}, 'Dead letters'),
      h('label', {}, check, ' only trouble'),
      filterBox({label: 'Find a queue', value: find, placeholder: 'name, consumer, reason\u2026', onInput: (text) => {
        find = text;
        replaceParams({find});
        update();
      }})),
    said, hint, table.element);

  function update() {
    const wanted = find.toLowerCase();
    const all = [...live.queues.values()];
    const fit = all.filter((row) => (!only || trouble(row)) &&
      (!wanted || `${row.name} ${consumerText(row)} ${troubleText(row)}`.toLowerCase().includes(wanted)));
    setText(said, summary(all) + (fit.length === all.length ? '' : ` ${plural(fit.length, 'queue')} shown.`));
    hint.hidden = all.some((row) => !row.name.startsWith('$'));
    table.show(table.sort ? fit : worstFirst(fit));
  }
  return {update};
}

function summary(all) {
  const waiting = all.reduce((sum, row) => sum + (isHistory(row) ? 0 : row.waiting), 0);
  const stand = all.filter((row) => why(row) && row.name !== '$dead').length;
  const full = all.filter(isFull).length;
  const words = [stand && `${count(stand)} ${stand === 1 ? 'is' : 'are'} stuck`,
    full && `${count(full)} ${full === 1 ? 'is' : 'are'} full`].filter(Boolean);
  return `${plural(all.length, 'queue')}, ${plural(waiting, 'message')} ` +
    `waiting${words.length ? '; ' + words.join(', ') : '; nothing is stuck'}.`;
}

// The order as long as no column is chosen: what is in trouble on top, and nothing moves only because its numbers do.
const RANKS = ['bad', 'warn', ''];
function worstFirst(rows) {
  const ranks = new Map(rows.map((row) => [row, RANKS.indexOf(trouble(row))]));
  return rows.sort((a, b) => ranks.get(a) - ranks.get(b) || (a.name < b.name ? -1 : 1));
}

// ---- columns ----

const age = (row, live) => row.oldest_ms ? Math.max(0, live.now_ms - row.oldest_ms) : 0;
const number = (title, field) => ({title, field, number: true, show: count});

function columns(live) {
  return [
    {title: 'Queue', field: 'name', head: true, cell: (th, row) => {
      th.append(h('a', {href: link('queue', row.name), title: visible(row.name).slice(0, 1000)},
        name(short(row.name, 60))));
    }, update: (th, row) => setAttr(th.parentElement, 'data-queue', row.name)},
    {title: 'Drained by', field: 'consumer', value: consumerText, cell: () => {}, update: drainedBy},
    {title: 'Waiting', field: 'waiting', number: true, value: (row) => row.waiting, cell: waitingCell, update: waiting},
    {title: 'Oldest', field: 'oldest_ms', number: true, value: (row) => age(row, live), update: (td, row) => {
      setNumber(td, row.oldest_ms, row.oldest_ms ? duration(age(row, live)) : '');
      setAttr(td, 'title', row.oldest_ms ? `came at ${utc(row.oldest_ms)}` : null);
    }},
    {title: 'In/s', field: 'in_rate', number: true, value: (row) => live.rate('queues', row.name, 'in'),
      show: quietRate},
    {title: 'Out/s', field: 'out_rate', number: true, value: (row) => live.rate('queues', row.name, 'delivered'),
      show: quietRate},
    {title: 'Why it waits', field: 'blocked', kind: 'reason', value: troubleText,
      cell: (td) => td.append(h('span', {class: 'clamped'})), update: (td, row) => {
      const text = short(troubleText(row), 1000);
      setText(td.firstChild, short(text, 240));
      setAttr(td, 'title', text || null);
    }},
    number('In', 'in'), number('Delivered', 'delivered'), number('Expired', 'expired'), number('Dropped', 'dropped'),
    number('Dead', 'dead'),
    {title: 'Limits', field: 'limits', value: (row) => fullness(row)?.max ?? 0, update: (td, row) =>
      setText(td, limitsText(row))},
  ];
}

const quietRate = (value) => value ? rate(value) : '';

function drainedBy(td, row) {
  const {text, name: who = '', away} = consumer(row);
  const words = `${text}${who ? ' ' + short(who, 40) : ''}${away && who ? ', away' : ''}`;
  if (!td.firstChild) td.append(h('bdi', {class: 'name'}));
  setText(td.firstChild, words);
}

function waitingCell(td) {
  td.meter = meter('part of its limit');
  td.text = h('span', {});
  td.append(td.meter.element, ' ', td.text);
}

function waiting(td, row) {
  const most = fullness(row);
  setAttr(td, 'data-value', row.waiting);
  setAttr(td, 'title', bytes(row.waiting_bytes) + (most ? `; ${Math.round(100 * most.part)} % of its limit`
    : '; no limit'));
  setText(td.text, count(row.waiting));
  td.meter.element.style.visibility = most ? 'visible' : 'hidden';
  if (most) td.meter.update(most.value, most.max, isHistory(row) ? 'none' : '');
}
