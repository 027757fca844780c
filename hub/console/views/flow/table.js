// The picture as a table: a row for each of its edges, and for nodes that have none.
import {h, name, setText, short} from '../../lib/dom.js';
import {count, duration, rate} from '../../lib/format.js';
import {Table} from '../../lib/table.js';
import {groupName} from './group.js';
import {hrefOf} from './model.js';

const KINDS = {source: 'source', subscriptions: '', route: 'route', queue: 'queue', topic: 'topic', null: '', routes: '', client: 'client',
               module: 'module', link: 'link', dead: 'queue'};

const words = (node) => node.kind === 'group' ? groupName(node) : short(node.label ?? node.name);

function cell(td, node) {
  if (!node) return td.append('\u2013');
  if (KINDS[node.kind]) td.append(KINDS[node.kind] + ' ');
  td.append(node.to ? h('a', {href: hrefOf(node)}, name(words(node))) : name(words(node)));
}

function rowsOf({nodes, edges, now_ms}) {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const met = new Set(edges.flatMap(({from, to}) => [from, to]));
  const pairs = [...edges, ...nodes.filter(({id}) => !met.has(id)).map(({id}) => ({id, from: id, to: null, rate: null}))];
  return pairs.filter(({from}) => !known.get(from).open).map(({id, from, to, rate: speed}) => {
    const [a, b] = [known.get(from), known.get(to)];
    const queue = [a, b].find((node) => node && (node.kind === 'queue' || node.waiting !== undefined && node.column === 2));
    const held = queue?.row ?? queue;
    return {id, a, b, rate: speed, waiting: held?.waiting ?? null, age_ms: held?.oldest_ms ? now_ms - held.oldest_ms : null,
            trouble: [a, b].filter((node) => node?.trouble).map((node) => node.why || (node.kind === 'group' ? 'Some are in trouble.' : '')).join(' ').trim()};
  }).sort((x, y) => x.a.column - y.a.column || (x.id < y.id ? -1 : 1));
}

export function flowTable() {
  const table = new Table({
    caption: 'The flow as a table', keyOf: (row) => row.id, rowClass: ({a, b}) => a.trouble || b?.trouble || '',
    columns: [
      {title: 'From', field: 'from', head: true, value: ({a}) => words(a), cell: (td, {a}) => cell(td, a)},
      {title: 'To', field: 'to', value: ({b}) => b ? words(b) : '', cell: (td, {b}) => cell(td, b)},
      {title: 'Rate', field: 'rate', number: true, show: (value) => value === null ? '\u2013' : rate(value)},
      {title: 'Waiting', field: 'waiting', number: true, show: (value) => count(value)},
      {title: 'Oldest', field: 'age_ms', number: true, show: (value) => duration(value)},
      {title: 'Trouble', field: 'trouble', show: (value) => short(value, 200)},
    ],
  });
  const said = h('span');
  const details = h('details', {class: 'flow-table'}, h('summary', {}, 'As a table', said), table.element);
  let last = null;
  details.addEventListener('toggle', () => { if (details.open && last) table.show(rowsOf(last)); });
  return {element: details, show(graph) {
    last = graph;
    setText(said, ` (${count(graph.edges.length)} connections)`);
    if (details.open) table.show(rowsOf(graph));
  }};
}
