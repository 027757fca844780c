// The flow of the hub as one picture, live: sources → routes → queues → consumers and links.
//
// flow/model.js makes the graph, flow/group.js says what of it is drawn, flow/layout.js where; here it is put on the page. Cards are
// HTML above an SVG with the edges. The layout is made anew only if other nodes or edges are there, or a card has another height.
import {h, keyed, replace, s, setAttr, setText} from '../lib/dom.js';
import {count, plural, rate} from '../lib/format.js';
import {replaceParams} from '../lib/router.js';
import {filterBox} from '../lib/table.js';
import {card} from './flow/cards.js';
import {OPEN_STEP, gather, narrow, wayThrough} from './flow/group.js';
import {layout} from './flow/layout.js';
import {COLUMNS, model} from './flow/model.js';
import {flowTable} from './flow/table.js';
import {firstSteps, headline, isEmpty} from './flow/words.js';

const STACKED_BELOW = 860;  // px of width: columns below one another then, without edges
const HEADS = 34;           // px above the cards, for the columns' titles
const SPAN_MS = 120_000;    // of the trend of what waits
const HEIGHTS = {source: 66, subscriptions: 66, route: 60, queue: 104, topic: 66, client: 66, module: 66, link: 150, group: 52};

// ---- what waited in the last minutes; kept while another view is shown ----

const trends = new Map();  // queue → [[ms, waiting]…]

function remember(queues, now_ms) {
  for (const {name, waiting} of queues.values()) {
    const points = trends.get(name);
    if (!points && !waiting) continue;
    if (!points) trends.set(name, [[now_ms, waiting]]);
    else if (points.at(-1)[0] < now_ms) points.push([now_ms, waiting]);
    while (points?.length > 1 && points[0][0] < now_ms - SPAN_MS) points.shift();
    if (points?.every(([, value]) => value === 0)) trends.delete(name);
  }
  for (const name of trends.keys()) if (!queues.has(name)) trends.delete(name);
}

// ---- what the address says ----

const openOf = (text) => new Map((text ?? '').split(',').filter(Boolean).map((part) => {
  const [key, shown] = part.split('*');
  return [decodeURIComponent(key), Number(shown) || OPEN_STEP];
}));
const openText = (open) => [...open].map(([key, shown]) =>
  encodeURIComponent(key).replaceAll('*', '%2A') + (shown === OPEN_STEP ? '' : '*' + shown)).join(',');

class Flow {
  constructor(root, route, {live}) {
    this.live = live;
    this.root = root;
    this.heights = new Map();
    this.key = '';
    this.graph = null;
    this.#readAddress(route.params);
    this.#build();
  }

  #readAddress(params) {
    this.find = params.get('find') ?? '';
    this.trouble = params.get('trouble') === '1';
    this.select = params.get('select') ?? '';
    this.open = openOf(params.get('open'));
  }

  route(route) {
    this.#readAddress(route.params);
    if (this.search.value !== this.find) this.search.value = this.find;
    this.update();
  }

  // ---- page ----

  #build() {
    this.words = headline();
    const box = filterBox({label: 'Find in the flow', value: this.find, placeholder: 'name of a topic, route, queue\u2026',
                           onInput: (find) => this.#go({find})});
    this.search = box.querySelector('input');
    this.only = h('button', {type: 'button', 'aria-pressed': 'false', onclick: () => this.#go({trouble: !this.trouble})}, 'Only trouble');
    this.all = h('button', {type: 'button', class: 'quiet', hidden: true, onclick: () => this.#go({select: ''})}, 'Show all ways');
    this.said = h('p', {class: 'said', role: 'status'});
    this.first = h('div', {hidden: true});
    [this.lines, this.labels] = [s('g'), s('g')];
    this.svg = s('svg', {class: 'flow-edges', 'aria-hidden': 'true'}, this.lines, this.labels);
    this.lists = COLUMNS.map((title) => h('ul', {'aria-label': title}));
    this.columns = COLUMNS.map((title, i) => h('section', {class: 'flow-column'}, h('h2', {}, title), this.lists[i]));
    this.picture = h('div', {class: 'flow-picture', role: 'group', 'aria-label': 'Flow from sources to consumers and links'},
                     this.svg, this.columns);
    this.table = flowTable();
    replace(this.root,
      h('div', {class: 'head'}, h('h1', {}, 'Flow'), this.all, this.only, box),
      this.words.element, this.first, this.said, this.picture, this.table.element);
    this.watch = new ResizeObserver(() => this.#measured());
    this.watch.observe(this.picture);
  }

  #go(changes) {
    Object.assign(this, changes);
    replaceParams({find: this.find, trouble: this.trouble ? '1' : '', select: this.select, open: openText(this.open)});
    this.update();
  }

  #way(id) { this.#go({select: this.select === id ? '' : id}); }

  #group(key, what) {
    const open = new Map(this.open);
    if (what === 'more') open.set(key, (open.get(key) ?? 0) + OPEN_STEP);
    else if (!open.delete(key)) open.set(key, OPEN_STEP);
    this.#go({open});
  }

  // ---- each second ----

  update() {
    const {live} = this;
    if (!live.status) return;  // nothing has come yet
    remember(live.queues, live.now_ms);
    const whole = model(live);
    const troubled = this.words.show(whole, live, this.trouble);
    setText(this.only, troubled ? `Only trouble (${count(troubled)})` : 'Only trouble');
    setAttr(this.only, 'aria-pressed', String(this.trouble));
    this.#showFirst(isEmpty(live));
    const part = narrow(whole, {find: this.find, trouble: this.trouble});
    const graph = gather(part, this.open);
    this.#say(part, whole);
    this.picture.hidden = graph.nodes.length === 0;
    this.#draw(graph);
    this.table.show(graph);
  }

  #showFirst(empty) {
    if (this.first.hidden === !empty) return;
    this.first.hidden = !empty;
    replace(this.first, empty ? firstSteps(this.live.status) : null);
  }

  #say(part, whole) {
    const text = part.found === undefined ? '' : part.found === 0
      ? this.trouble && !this.find ? 'Nothing is in trouble.' : 'Nothing of that name.'
      : `${plural(part.found, 'thing')} found, with what hangs on ${part.found === 1 ? 'it' : 'them'}: ` +
        `${count(part.nodes.length)} of ${count(whole.nodes.length)}.`;
    this.said.hidden = !text;
    setText(this.said, text);
  }

  #draw(graph) {
    const key = [...graph.nodes.map(({id, place}) => id + (place ?? '')), '', ...graph.edges.map(({id}) => id)].join('\n');
    const known = graph.shown.get(this.select) ?? (graph.nodes.some(({id}) => id === this.select) ? this.select : '');
    const way = known ? wayThrough(graph.edges, [known]) : null;
    this.all.hidden = !way;
    this.graph = graph;
    this.way = way;
    const changed = key !== this.key;
    this.key = key;
    if (changed) this.#order();
    this.#showCards(known);
    if (changed) this.#measured(true);
    this.#showEdges();
  }

  #context(select) {
    return {now_ms: this.live.now_ms, started_ms: this.live.status?.started_ms ?? 0, span_ms: SPAN_MS, trend: (name) => trends.get(name) ?? [], select,
            dim: (id) => this.way && !this.way.has(id)};
  }

  // Cards stand in the document as they are read: from the first column on, each from top to bottom.
  #order() {
    const {nodes} = layout(this.#sized(), {width: 1200});
    const at = new Map(nodes.map(({id}, i) => [id, i]));
    this.graph.nodes.sort((a, b) => at.get(a.id) - at.get(b.id));
    this.places = at;
  }

  #sized() {
    const height = (node) => this.heights.get(node.id) ?? HEIGHTS[node.kind] ?? 70;
    return {nodes: this.graph.nodes.map((node) => ({...node, height: height(node)})), edges: this.graph.edges};
  }

  #showCards(select) {
    const context = this.#context(select);
    const turns = {onWay: (id) => this.#way(id), onGroup: (key, what) => this.#group(key, what)};
    const columns = COLUMNS.map(() => []);
    for (const node of this.graph.nodes) columns[node.column].push(node);
    columns.forEach((nodes, i) => {
      nodes.sort((a, b) => this.places.get(a.id) - this.places.get(b.id));
      keyed(this.lists[i], nodes, cardKey, (node) => this.#card(node, turns), (li, node) => li.show(node, context));
      this.columns[i].hidden = nodes.length === 0;
    });
  }

  #card(node, turns) {
    const li = card(node, turns);
    li.nodeId = node.id;
    this.watch.observe(li);
    return li;
  }

  // ---- places ----

  // The cards have the sizes that their texts take; if one has another than before, the rest moves.
  #measured(anew = false) {
    if (!this.graph || this.picture.hidden) return;
    const width = this.picture.clientWidth;
    const stacked = width < STACKED_BELOW;
    this.picture.classList.toggle('stacked', stacked);
    if (width !== this.width || anew) this.#spread(width, stacked);
    this.width = width;
    if (stacked) return;
    const before = JSON.stringify([...this.heights]);
    this.heights = new Map(this.lists.flatMap((list) => [...list.children]).map((li) => [li.nodeId, li.offsetHeight]));
    if (anew || JSON.stringify([...this.heights]) !== before || width !== this.placed) this.#place(width);
  }

  // Widths first: heights follow from them.
  #spread(width, stacked) {
    const {columns} = layout({nodes: [], edges: []}, {width});
    this.columns.forEach((section, i) => {
      section.style.left = stacked ? '' : columns[i].x + 'px';
      section.style.width = stacked ? '' : columns[i].width + 'px';
    });
    if (stacked) {
      this.picture.style.height = '';
      this.placed = 0;
    }
  }

  #place(width) {
    this.placed = width;
    const plan = layout(this.#sized(), {width, top: HEADS});
    const at = new Map(plan.nodes.map((node) => [node.id, node]));
    for (const li of this.lists.flatMap((list) => [...list.children])) li.style.top = at.get(li.nodeId).y + 'px';
    this.picture.style.height = plan.height + 4 + 'px';
    setAttr(this.svg, 'width', width);
    setAttr(this.svg, 'height', plan.height);
    this.plan = new Map(plan.edges.map((edge) => [edge.from + '\n' + edge.to, edge]));
    this.#showEdges();
  }

  #showEdges() {
    if (!this.plan) return;
    const edges = this.graph.edges.filter(({id}) => this.plan.has(id));
    keyed(this.lines, edges, ({id}) => id, () => s('path'), (line, edge) => {
      setAttr(line, 'class', this.#edgeClass(edge));
      setAttr(line, 'd', this.plan.get(edge.id).path);
      setAttr(line, 'stroke-width', flows(edge) ? thickness(edge.rate) : 1.2);
    });
    keyed(this.labels, edges.filter(({id}) => this.plan.get(id).label), ({id}) => id, () => s('text'), (text, edge) => {
      const {x, y, anchor} = this.plan.get(edge.id).label;
      setAttr(text, 'class', this.#edgeClass(edge));
      setAttr(text, 'x', x);
      setAttr(text, 'y', y);
      setAttr(text, 'text-anchor', anchor);
      setText(text, flows(edge) ? rate(edge.rate) : '');
    });
  }

  #edgeClass(edge) {
    const lit = this.way && this.way.has(edge.from) && this.way.has(edge.to);
    return ['flow-edge', edge.trouble, flows(edge) && 'flows', edge.idle && 'idle', this.way && (lit ? 'lit' : 'dim')]
      .filter(Boolean).join(' ');
  }

  unmount() { this.watch.disconnect(); }
}

const flows = (edge) => edge.rate >= 0.005;
const thickness = (speed) => (1.5 + Math.min(5, 1.3 * Math.log10(1 + speed))).toFixed(1);
// A node that becomes another kind of card is another card.
const cardKey = (node) => node.id + (node.open ? '\nopen' : '');

export default {
  title: 'Flow',
  mount(root, route, app) {
    const flow = new Flow(root, route, app);
    return {update: () => flow.update(), route: (next) => flow.route(next), unmount: () => flow.unmount()};
  },
};
