// Where the nodes of the flow stand, and the ways between them. Pure, without a page: the same graph gives the same picture,
// in whatever order its parts are given.
//
//   layout({nodes: [{id, column, name, height, rank, place}…], edges: [{from, to}…]}, {width, top}) →
//     {nodes: [{id, column, x, y, width, height}…] from top to bottom of each column,
//      edges: [{from, to, path, label: {x, y, anchor} | null}…],
//      columns: [{x, width}…], width, height}
//
// `place` [section, rank, block, member] orders a column that has groups. Without one, nodes stand by `rank`, in the order of what feeds
// them, then of their names; so a node that is added pushes others aside a little, and moves none to another column.
import {byName} from './group.js';

const SHARES = [0.86, 1, 1.1, 1.16];  // of the width, for each column
const GAP_Y = 14;
const HEIGHT = 64;
const PORT_STEP = 13;
const LABEL_STEP = 11;   // below it labels would cover one another
const UNFED = 2;        // after all that is fed, whose places are 0 to 1
const WAY_HEIGHT = 10;  // of the lane that an edge takes through a column that it passes

export function layout({nodes, edges}, {width = 1200, top = 0, gap = gapFor(width)} = {}) {
  const columns = columnsOf(width, gap);
  const known = new Map(nodes.map((node) => [node.id, {id: node.id, name: node.name ?? node.id, column: node.column,
                                                       height: node.height ?? HEIGHT, place: node.place ?? null, rank: node.rank ?? 0}]));
  const links = edges.filter(({from, to}) => known.has(from) && known.has(to) && known.get(from).column < known.get(to).column)
    .sort((a, b) => byName(a.from, b.from) || byName(a.to, b.to));
  const steps = withLanes(known, links);
  const stacks = ordered([...known.values()], steps, columns.length);
  place(stacks, steps);
  const least = Math.min(0, ...stacks.flat().map(({y}) => y));
  for (const node of stacks.flat()) {
    const {x, width: own} = columns[node.column];
    Object.assign(node, {x, width: own, y: Math.round(node.y - least) + top});
  }
  const height = Math.max(top, ...stacks.flat().map(({y, height: own}) => y + own));
  const shown = stacks.flat().filter(({lane}) => !lane);
  return {
    nodes: shown.map(({id, column, x, y, width: own, height: high}) => ({id, column, x, y, width: own, height: high})),
    edges: drawn(known, links, steps), columns, width, height,
  };
}

const gapFor = (width) => Math.round(Math.max(56, Math.min(120, width * 0.075)));

function columnsOf(width, gap) {
  const room = width - gap * (SHARES.length - 1);
  const whole = SHARES.reduce((sum, share) => sum + share, 0);
  let x = 0;
  return SHARES.map((share) => {
    const column = {x: Math.round(x), width: Math.floor(room * share / whole)};
    x += room * share / whole + gap;
    return column;
  });
}

// An edge past a column takes a lane through it, which all edges of its node share.
function withLanes(nodes, links) {
  const steps = [];  // [from, to] between neighbouring columns
  const taken = new Set();
  for (const {from, to} of links) {
    let last = from;
    for (let column = nodes.get(from).column + 1; column < nodes.get(to).column; ++column) {
      const id = `lane:${column}:${from}`;
      if (!nodes.has(id)) nodes.set(id, {id, name: nodes.get(from).name, column, height: WAY_HEIGHT, lane: true, place: null, rank: 1});
      if (!taken.has(last + '\n' + id)) steps.push([last, id]);
      taken.add(last + '\n' + id);
      last = id;
    }
    steps.push([last, to]);
  }
  return steps;
}

// ---- order within the columns ----

function ordered(all, steps, columns) {
  const feeders = new Map();
  for (const [from, to] of steps) feeders.get(to)?.push(from) ?? feeders.set(to, [from]);
  const index = new Map();
  const stacks = [];
  for (let column = 0; column < columns; ++column) {
    const stack = all.filter((node) => node.column === column);
    for (const node of stack) node.fed = Math.min(...(feeders.get(node.id) ?? []).map((id) => index.get(id) ?? UNFED), UNFED);
    stack.sort(stack.some(({place: given}) => given) ? byPlace : byFeeders);
    stack.forEach((node, i) => index.set(node.id, i / Math.max(1, stack.length)));
    stacks.push(stack);
  }
  return stacks;
}

const mean = (values) => values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;

// By the first of what feeds them: one more feeder moves a node only if it is the first.
function byFeeders(a, b) {
  return a.rank - b.rank || a.fed - b.fed || byName(a.name, b.name) || byName(a.id, b.id);
}

const LANE = [2.5, 0, '', 0];
function byPlace(a, b) {
  const [one, other] = [a.place ?? LANE, b.place ?? LANE];
  return one[0] - other[0] || one[1] - other[1] || byName(one[2], other[2]) || one[3] - other[3] ||
    byName(a.name, b.name) || byName(a.id, b.id);
}

// ---- places ----

// The highest column is stacked; each next one, to the right and to the left, stands as near to its neighbours as its order allows.
// With groups all begin at the top: what a hundred nodes have in common is no place to look for it.
function place(stacks, steps) {
  const heights = stacks.map((stack) => stack.reduce((sum, {height}) => sum + height + GAP_Y, 0));
  const anchor = heights.indexOf(Math.max(...heights));
  const [before, after] = [new Map(), new Map()];
  for (const [from, to] of steps) {
    before.get(to)?.push(from) ?? before.set(to, [from]);
    after.get(from)?.push(to) ?? after.set(from, [to]);
  }
  if (stacks.flat().some(({place: given}) => given)) return stacks.forEach(stack);
  const nodes = new Map(stacks.flat().map((node) => [node.id, node]));
  const centre = (ids) => mean((ids ?? []).map((id) => nodes.get(id)).map(({y, height}) => y + height / 2));
  stack(stacks[anchor]);
  for (let i = anchor - 1; i >= 0; --i) settle(stacks[i], (node) => centre(after.get(node.id)));
  for (let i = anchor + 1; i < stacks.length; ++i) settle(stacks[i], (node) => centre(before.get(node.id)));
}

function stack(nodes) {
  let y = 0;
  for (const node of nodes) {
    node.y = y;
    y += node.height + GAP_Y;
  }
}

// Each node as near to where it wants to be as its order allows: those that would overlap form a block, which stands where its
// members want to be on average.
function settle(nodes, wanted) {
  const blocks = [];
  for (const node of nodes) {
    const centre = wanted(node);
    const last = blocks.at(-1);
    const y = centre === null ? (last ? last.y + last.height : 0) : centre - node.height / 2;
    let block = {nodes: [node], y, sum: y, height: node.height + GAP_Y};
    while (blocks.length && blocks.at(-1).y + blocks.at(-1).height > block.y) block = joined(blocks.pop(), block);
    blocks.push(block);
  }
  for (const block of blocks) {
    let y = block.y;
    for (const node of block.nodes) {
      node.y = y;
      y += node.height + GAP_Y;
    }
  }
}

function joined(upper, lower) {
  const nodes = [...upper.nodes, ...lower.nodes];
  const sum = upper.sum + lower.sum - upper.height * lower.nodes.length;
  return {nodes, sum, y: sum / nodes.length, height: upper.height + lower.height};
}

// ---- edges ----

const roomOf = (node, n) => n < 2 ? PORT_STEP : node.lane ? 0 : Math.min(PORT_STEP, (node.height - 20) / (n - 1));

// Edges leave and reach a node side by side, in the order of their other ends.
function ports(nodes, steps, side) {
  const [own, other] = side === 'out' ? [0, 1] : [1, 0];
  const at = new Map();
  for (const step of steps) at.get(step[own])?.push(step) ?? at.set(step[own], [step]);
  const ys = new Map();
  for (const [id, mine] of at) {
    const node = nodes.get(id);
    const room = roomOf(node, mine.length);
    mine.sort((a, b) => nodes.get(a[other]).y - nodes.get(b[other]).y || byName(a[other], b[other]));
    mine.forEach((step, i) => ys.set(step.join('\n'), node.y + node.height / 2 + (i - (mine.length - 1) / 2) * room));
  }
  return {ys, degree: (id) => at.get(id)?.length ?? 0, step: (id) => roomOf(nodes.get(id), at.get(id)?.length ?? 0)};
}

function drawn(nodes, links, steps) {
  const [out, into] = [ports(nodes, steps, 'out'), ports(nodes, steps, 'in')];
  return links.map(({from, to}) => {
    let path = '';
    let last = from;
    let x = 0;
    let y = 0;
    for (let column = nodes.get(from).column + 1; column <= nodes.get(to).column; ++column) {
      const next = column === nodes.get(to).column ? to : `lane:${column}:${from}`;
      const [a, b] = [nodes.get(last), nodes.get(next)];
      const key = last + '\n' + next;
      [x, y] = [a.x + a.width, out.ys.get(key)];
      const [x2, y2] = [b.x, into.ys.get(key)];
      const half = (x2 - x) / 2;
      path += `${path ? 'L' : 'M'}${one(x)} ${one(y)}C${one(x + half)} ${one(y)} ${one(x2 - half)} ${one(y2)} ${one(x2)} ${one(y2)}`;
      last = next;
    }
    return {from, to, path, label: label(nodes, from, to, out, into)};
  });
}

const one = (value) => Math.round(value * 10) / 10;

// A label stands on its line, at the end where fewer edges meet; where they are too close to one another there is none (null).
function label(nodes, from, to, out, into) {
  const [a, b] = [nodes.get(from), nodes.get(to)];
  const near = into.degree(to) <= out.degree(from) ? 'to' : 'from';
  const direct = b.column - a.column === 1;
  const first = from + '\n' + (direct ? to : `lane:${a.column + 1}:${from}`);
  const last = (direct ? from : `lane:${b.column - 1}:${from}`) + '\n' + to;
  const step = near === 'to' ? into.step(to) : out.step(from);
  if (step < LABEL_STEP) return null;
  return near === 'to' ? {x: b.x - 8, y: one(into.ys.get(last)) + 4, anchor: 'end'}
    : {x: a.x + a.width + 8, y: one(out.ys.get(first)) + 4, anchor: 'start'};
}
