// What of the graph is drawn: what is looked for and what hangs on it, and groups in the place of many alike. Pure.
//
//   narrow(graph, {find, trouble}) → the same graph with less in it
//   gather(graph, open) → a graph of at most some dozens of nodes a column. Nodes in trouble stand alone, first; others of a kind that
//     are many are gathered by the beginning of their names. `open` is a Map: key of a group → how many of its members are shown.
import {short} from '../../lib/dom.js';
import {count} from '../../lib/format.js';
import {worse} from './model.js';

const ALONE_MAX = 16;      // untroubled ones of a kind beside one another
const CROWDED_MAX = 8;     // the same, where the column has groups already
const OTHERS_MIN = 24;     // that share no beginning with others, before they are gathered all the same
const GROUP_MIN = 3;
const TROUBLED_MAX = 12;   // of a kind; more are a group of their own
const AWAY_MAX = 6;        // of single clients, the same
export const OPEN_STEP = 30;

const order = new Intl.Collator('en', {numeric: true});
// The same for every order of what is compared: names that differ only in ways that the collator does not see, too.
export const byName = (a, b) => order.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);

// ---- ways through the graph ----

function neighbours(edges) {
  const [down, up] = [new Map(), new Map()];
  const add = (map, from, to) => map.get(from)?.push(to) ?? map.set(from, [to]);
  for (const {from, to} of edges) {
    add(down, from, to);
    add(up, to, from);
  }
  return {down, up};
}

function reach(next, ids) {
  const seen = new Set(ids);
  const ahead = [...ids];
  while (ahead.length) {
    for (const id of next.get(ahead.pop()) ?? []) {
      if (seen.has(id)) continue;
      seen.add(id);
      ahead.push(id);
    }
  }
  return seen;
}

// Nodes that lead to these or come of them, with these.
export function wayThrough(edges, ids) {
  const {down, up} = neighbours(edges);
  return new Set([...reach(up, ids), ...reach(down, ids)]);
}

const ENDS = ['client', 'module'];  // in trouble only because a queue of theirs is, which is counted

export function narrow(graph, {find = '', trouble = false}) {
  const wanted = find.trim().toLowerCase();
  if (!wanted && !trouble) return graph;
  const found = graph.nodes.filter((node) => (!wanted || textOf(node).includes(wanted)) && (!trouble || node.trouble));
  const kept = wayThrough(graph.edges, found.map(({id}) => id));
  return {...graph, nodes: graph.nodes.filter(({id}) => kept.has(id)),
          edges: graph.edges.filter(({from, to}) => kept.has(from) && kept.has(to)), found: found.filter(({kind}) => !trouble || !ENDS.includes(kind)).length};
}

const textOf = (node) => `${node.name} ${node.row?.text ?? ''}`.toLowerCase();

// ---- groups ----

const KINDS = {  // how those of a kind are counted, and where they stand in their column
  source: ['source', 'sources'], subscriptions: ['source', 'sources'], route: ['route', 'routes'],
  hub: ['queue', 'queues'], queue: ['queue', 'queues'],
  session: ['session', 'sessions'], topic: ['topic', 'topics'], null: ['end', 'ends'], module: ['module', 'modules'],
  client: ['client', 'clients'],
  routes: ['consumer', 'consumers'], link: ['link', 'links'], dead: ['queue', 'queues'],
};
const RANKS = ['source', 'route', 'link', 'routes', 'hub', 'queue', 'topic', 'null', 'module', 'dead',
               'subscriptions', 'session', 'client'];
const PERSONAL = RANKS.slice(RANKS.indexOf('subscriptions'));  // of single clients, who come and go
const kindOf = (node) => node.session ? 'session' : node.kind === 'queue' && node.name.startsWith('$') ? 'hub' : node.kind;

// A group in words: "38 routes press-*".
export function groupName({of, count: n, prefix}) {
  const kind = KINDS[of][n === 1 ? 0 : 1];
  if (prefix === '!') return `${count(n)} more ${kind} in trouble`;
  return prefix === '' ? `${count(n)} other ${kind}` : `${count(n)} ${kind} ${short(prefix)}*`;
}

const TOKENS_KEPT = 20_000;
const tokens_of = new Map();  // by name: names stay the same from second to second
function tokens(name) {
  let found = tokens_of.get(name);
  if (found) return found;
  if (tokens_of.size >= TOKENS_KEPT) tokens_of.clear();
  found = name.slice(0, 200).match(/\d+|[^\d\-_./: ]+[\-_./: ]*|[\-_./: ]+/g) ?? [name];
  tokens_of.set(name, found);
  return found;
}

// Names by their beginnings: as few tokens as tell them apart. [{prefix, nodes}…]; a prefix of '' means others.
function bundles(nodes) {
  const known = nodes.map((node) => [node, tokens(node.name)]);
  for (let depth = 1; depth <= 8; ++depth) {
    const parts = new Map();
    for (const [node, all] of known) {
      const prefix = all.slice(0, depth).join('');
      parts.get(prefix)?.push(node) ?? parts.set(prefix, [node]);
    }
    if (parts.size === 1) continue;
    const large = [...parts].filter(([, members]) => members.length >= GROUP_MIN);
    if (large.length === 0 && depth > 1) return [{prefix: known[0][1].slice(0, depth - 1).join(''), nodes}];
    return sorted(large, [...parts].filter(([, members]) => members.length < GROUP_MIN).flatMap(([, members]) => members));
  }
  return [{prefix: known[0][1].slice(0, 8).join(''), nodes}];
}

function sorted(large, rest) {
  const groups = large.map(([prefix, nodes]) => ({prefix, nodes}));
  if (rest.length > OTHERS_MIN) groups.push({prefix: '', nodes: rest});
  else groups.push(...rest.map((node) => ({prefix: node.name, nodes: [node]})));
  return groups;
}

const keyOf = (kind, prefix) => kind + ':' + prefix;

function tooMany(all) {
  const sick = all.filter(({trouble}) => trouble).length;
  return sick > TROUBLED_MAX || all.length - sick > ALONE_MAX;
}

const worstFirst = (a, b) => (a.trouble === 'bad' ? 0 : 1) - (b.trouble === 'bad' ? 0 : 1) || byName(a.name, b.name);

class Gathering {
  constructor(open) {
    this.open = open;
    this.nodes = [];
    this.shown = new Map();  // id → id of the node that stands for it
  }

  // `block` keeps the members of a group together, `place` is the order within the column.
  show(node, place) {
    this.nodes.push({...node, place});
    this.shown.set(node.id, node.id);
  }

  column(nodes) {
    const kinds = new Map();
    for (const node of nodes) {
      const kind = kindOf(node);
      kinds.get(kind)?.push(node) ?? kinds.set(kind, [node]);
    }
    const many = [...kinds.values()].some((all) => tooMany(all));
    for (const [kind, all] of kinds) this.kind(kind, all, many);
  }

  // In a column without groups everything keeps its place, whether it is in trouble or not: that is what one gets to know. Else
  // trouble comes first, then kinds of which there are few, then those that are many; what belongs to single clients is below.
  kind(kind, all, many) {
    const rank = RANKS.indexOf(kind);
    const sick = all.filter(({trouble}) => trouble).sort(worstFirst);
    const well = all.filter(({trouble}) => !trouble);
    if (!many) {
      for (const node of all) this.show(node, null);
      return;
    }
    const personal = PERSONAL.includes(kind);
    const section = personal ? 3 : 0;
    const alone = personal ? AWAY_MAX : TROUBLED_MAX;
    for (const node of sick.slice(0, alone)) this.show(node, [section, rank, node.trouble === 'bad' ? '' : '~', 0]);
    if (sick.length > alone) this.group(kind, '!', sick.slice(alone), [section, rank]);
    if (well.length <= CROWDED_MAX) {
      for (const node of well) this.show(node, [section + 1, rank, '', 0]);
      return;
    }
    for (const {prefix, nodes} of bundles(well)) {
      if (nodes.length === 1) this.show(nodes[0], [section + 2, rank, nodes[0].name, 0]);
      else this.group(kind, prefix, nodes, [section + 2, rank]);
    }
  }

  group(kind, prefix, nodes, [section, rank]) {
    const key = keyOf(kind, prefix);
    const shown = Math.min(this.open.get(key) ?? 0, nodes.length);
    const id = 'group:' + key;
    const members = shown > 0 ? [...nodes].sort((a, b) => byName(a.name, b.name)) : nodes;
    const hidden = members.slice(shown);
    const block = prefix === '!' || !prefix ? '\uffff' : prefix;
    this.nodes.push({id, column: nodes[0].column, kind: 'group', of: kind, key, prefix, name: prefix, count: nodes.length, shown,
                     open: shown > 0, trouble: nodes.reduce((all, {trouble}) => worse(all, trouble), ''), why: '',
                     ...sums(nodes), place: [section, rank, block, 0]});
    for (const node of members.slice(0, shown)) this.show(node, [section, rank, block, 1]);
    for (const node of hidden) this.shown.set(node.id, id);
  }
}

function sums(nodes) {
  const all = {rate: 0, in: 0, out: 0, waiting: 0, oldest_ms: 0, groups: 0, away: 0};
  for (const node of nodes) {
    all.rate += node.rate ?? 0;
    all.in += node.in ?? 0;
    all.out += node.out ?? 0;
    all.waiting += node.row?.waiting ?? 0;
    const oldest_ms = node.row?.oldest_ms ?? 0;
    if (oldest_ms > 0 && (all.oldest_ms === 0 || oldest_ms < all.oldest_ms)) all.oldest_ms = oldest_ms;
    all.groups += node.row?.computed?.groups ?? 0;
    if (node.connected === false) ++all.away;
  }
  return all;
}

export function gather(graph, open = new Map()) {
  const gathering = new Gathering(open);
  for (let column = 0; column < 4; ++column) gathering.column(graph.nodes.filter((node) => node.column === column));
  const edges = new Map();
  for (const edge of graph.edges) {
    const [from, to] = [gathering.shown.get(edge.from), gathering.shown.get(edge.to)];
    if (from === undefined || to === undefined) continue;
    const key = from + '\n' + to;
    const all = edges.get(key);
    if (!all) edges.set(key, {...edge, from, to, id: key});
    else Object.assign(all, {rate: all.rate === null && edge.rate === null ? null : (all.rate ?? 0) + (edge.rate ?? 0),
                             trouble: worse(all.trouble, edge.trouble), idle: all.idle && edge.idle});
  }
  return {...graph, nodes: gathering.nodes, edges: [...edges.values()], shown: gathering.shown};
}
