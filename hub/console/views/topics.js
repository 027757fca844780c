// Topics: what there is as a tree with rates and last values; of the one that is chosen its messages as they come; and
// a box to publish. Only levels that are open are in the page.
import {h, keyed, name, setAttr, setNumber, setText, short, visible} from '../lib/dom.js';
import {get} from '../lib/api.js';
import {count, duration, plural, rate, utc} from '../lib/format.js';
import {go, replaceParams} from '../lib/router.js';
import {filterBox} from '../lib/table.js';
import {publishBox} from './topics/publish.js';
import {valuesOf} from './topics/one.js';

const EVERY_MS = 2_000;
const PART = 0.1;           // of the time that may go into asking: a hub with many topics is asked less often
const FEW = 500;            // topics that are asked for whole; of more only the levels that are open
const FOUND_MAX = 400;      // rows that are shown by a search, which opens the levels that it needs
const INDENTED = 12;        // levels that are set in
const CHILDREN = 200;       // of a level; more are shown when asked for
const OPEN_MAX = 60;        // open levels that go into the address

// Addresses name topics and filters alike: `plant/#` shows the tree below, and its values.
export default {
  title: 'Topics',
  mount(root, route, app) {
    let filter = '';
    let values = null;
    const title = h('h1', {}, 'Topics');
    const publish = app.can('operate') ? publishBox(publishTopic(route.name)) : null;
    const beside = h('div', {class: 'topics-beside'});
    const tree = topicTree(route, app);
    root.append(h('div', {class: 'head'}, title, tree.find), h('div', {class: 'topics-columns'}, tree.element, beside));
    if (publish) beside.append(publish.element);
    if (publish && !route.name) publish.element.open = true;

    function choose(next) {
      const chosen = next.name || '';
      for (const level of (next.params.get('open') ?? '').split(',').filter(Boolean)) tree.open(decoded(level));
      tree.choose(chosen);
      publish?.follow(publishTopic(chosen));
      if (chosen === filter && values) return;
      filter = chosen;
      values?.unmount();
      values?.element.remove();
      values = filter ? valuesOf(filter, app) : null;
      if (values) beside.append(values.element);
    }
    choose(route);
    return {
      update: () => tree.update(),
      route: choose,
      unmount() {
        tree.unmount();
        values?.unmount();
      },
    };
  },
};

// A topic to publish on, of a filter: nothing if it has wildcards.
const publishTopic = (filter) => /[+#]/.test(filter) ? '' : filter;

// ---- the tree ----

function topicTree(route, {live}) {
  const open = new Set((route.params.get('open') ?? '').split(',').filter(Boolean).map(decoded));
  const more = new Map();        // levels of which more than CHILDREN are shown, and how many
  let find = route.params.get('find') ?? '';
  let chosen = '';
  let said = null;               // the last answer
  let timer = 0;
  let aborter = null;
  let current = '';              // the level that Tab reaches
  const words = h('p', {class: 'said', role: 'status'}, 'Asking the hub\u2026');
  const list = h('ul', {class: 'topics-tree', role: 'tree', 'aria-label': 'Topics', onkeydown: onKey});
  const hint = h('p', {class: 'hint', hidden: true}, 'No message has come since the hub started. To begin: ',
    h('code', {}, 'mosquitto_pub -t plant/7/temperature -m \u2018{"celsius": 91}\u2019'));
  const heads = h('div', {class: 'topics-row topics-heads', 'aria-hidden': 'true'}, h('span'), h('span', {}, 'Topic'),
    h('span', {class: 'topics-value'}, 'Last value'),
    h('span', {class: 'topics-age'}, 'Last came'), h('span', {class: 'topics-rate'}, 'Rate'),
      h('span', {class: 'topics-count'}, 'Messages'));
  const missing = h('p', {class: 'hint', hidden: true});
  const element = h('section', {class: 'sheet topics-all'}, words, hint, heads, list, missing);

  async function ask() {
    aborter = new AbortController();
    try {
      const began = performance.now();
      const whole = find || said && topicsIn(said) <= FEW;
      const depth = whole ? 0 : Math.max(0, ...[...open].map((topic) => topic.split('/').length)) + 1;
      const next = await get('/v1/topics', {tree: 1, payload: 1, depth}, {signal: aborter.signal});
      const early = !said || openFirst;
      said = next;
      if (openFirst) openChosen();
      draw();
      const took = performance.now() - began;
      timer = setTimeout(askIfSeen, early ? 0 : Math.max(EVERY_MS, took / PART));
      return;
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (error.status !== 0) setText(words, error.message);
    }
    timer = setTimeout(askIfSeen, EVERY_MS);
  }
  function askIfSeen() {
    if (document.hidden || live.state !== 'on') timer = setTimeout(askIfSeen, EVERY_MS);
    else ask();
  }

  function askNow() {
    clearTimeout(timer);
    aborter?.abort();
    ask();
  }

  // At first the levels above the chosen one are open, or the only one that there is.
  let openFirst = open.size === 0;
  function openChosen() {
    openFirst = false;
    const levels = chosen.split('/').filter((level) => level !== '#');
    for (let n = 1; chosen && n <= levels.length; ++n) open.add(levels.slice(0, n).join('/'));
    if (!chosen && said.tree.length === 1) open.add(said.tree[0].name);
  }

  // Nodes with their whole names; with a text to find, those whose topic has it, with all above them.
  function wanted(nodes, above) {
    const text = find.toLowerCase();
    return nodes.map((node) => ({node, topic: above === null ? node.name : `${above}/${node.name}`}))
      .filter(({node, topic}) => !text || has(node, topic, text));
  }
  function has(node, topic, text) {
    return topic.toLowerCase().includes(text) || node.children.some((child) => has(child, `${topic}/${child.name}`,
      text));
  }
  let budget = 0;   // rows that a search may still show
  let made = 0;     // levels, for their ids
  const isOpen = (topic) => open.has(topic) || find !== '' && budget > 0;

  function draw() {
    const {tree, complete, forgotten, left_out} = said;
    const all = topicsIn(said);
    budget = FOUND_MAX;
    hint.hidden = all > 0;
    list.hidden = heads.hidden = all === 0;
    setText(words, `${plural(all, 'topic')}, ${rate(tree.reduce((sum, node) => sum + node.rate_per_s, 0))}.`);
    const lacks = [left_out > 0 &&
      `${plural(left_out, 'topic')} beyond 10,000 are left out: look at a part of the tree.`,
      !complete && forgotten > 0 &&
        `${plural(forgotten, 'topic')} were forgotten for lack of room (observe.topics_bytes).`,
      !complete && !forgotten && 'These are not all topics since the start of the hub.'].filter(Boolean).join(' ');
    missing.hidden = lacks === '';
    setText(missing, lacks);
    drawLevel(list, tree, null, 1);
    // One level can always be reached with Tab.
    const items = [...list.querySelectorAll('[role=treeitem]')];
    const at = items.find((item) => item.dataset.topic === current) ?? items.find((item) =>
      item.dataset.topic === chosenTopic()) ?? items[0];
    for (const item of items) setAttr(item, 'tabindex', item === at ? '0' : '-1');
  }

  function drawLevel(ul, nodes, above, depth) {
    const fit = wanted(nodes, above);
    const shown = fit.slice(0, more.get(above) ?? CHILDREN);
    const rest = fit.length - shown.length;
    keyed(ul, rest > 0 ? [...shown, {more: true, rest}] : shown, (one) => one.more ? '\u0000more' : one.topic,
      (one) => one.more ? makeMore(above, depth) : makeItem(one, depth),
      (li, one) => one.more ? setText(li.firstChild, `${count(one.rest)} more\u2026`) : updateItem(li, one, depth));
  }

  // The last of a long level: it shows more of it.
  function makeMore(above, depth) {
    const row = h('div', {class: 'topics-row topics-more', role: 'treeitem', 'aria-level': depth});
    row.style.setProperty('--depth', Math.min(depth - 1, INDENTED));
    row.chosen = () => {
      more.set(above, (more.get(above) ?? CHILDREN) + CHILDREN);
      draw();
    };
    row.addEventListener('click', row.chosen);
    return h('li', {role: 'none'}, row);
  }

  function makeItem({topic, node}, depth) {
    const label = node.name === '' ? '(empty)' : short(node.name, 60);
    const part = (of, props) => h('span', {class: 'topics-' + of, ...props});
    const parts = {
      sign: part('sign', {'aria-hidden': 'true'}),
        label: h('span', {class: 'topics-name', title: visible(topic).slice(0, 1000)}, name(label)),
      value: h('code', {class: 'topics-value'}), age: part('age'), rate: part('rate', {'data-field': 'rate_per_s'}),
      count: part('count', {'data-field': 'count'}), group: h('ul', {role: 'group', hidden: true}),
    };
    parts.group.id = 'topics-' + ++made;
    const row = h('div', {class: 'topics-row', role: 'treeitem', 'aria-level': depth, 'data-topic': topic.slice(0,
      2_000)},
      parts.sign, parts.label, parts.value, parts.age, parts.rate, parts.count);
    row.style.setProperty('--depth', Math.min(depth - 1, INDENTED));
    row.chosen = () => {
      current = row.dataset.topic;
      if (row.inner) open.add(topic);
      go('topics', row.filter);
    };
    row.addEventListener('click', (event) => event.target === parts.sign && row.inner ? toggle(topic) : row.chosen());
    row.topic = topic;
    return Object.assign(h('li', {role: 'none'}, row, parts.group), {parts, row});
  }

  function updateItem(li, {topic, node}, depth) {
    const {parts, row} = li;
    const inner = node.children.length > 0 || node.topics > (node.last ? 1 : 0);
    --budget;
    const opened = inner && isOpen(topic);
    row.inner = inner;
    setAttr(row, 'aria-expanded', inner ? String(opened) : null);
    setAttr(row, 'aria-owns', opened ? parts.group.id : null);
    setAttr(row, 'aria-selected', String(topic === chosenTopic()));
    setText(parts.sign, inner ? (opened ? '\u25be' : '\u25b8') : '');
    row.filter = inner && !node.last ? topic + '/#' : topic;
    setNumber(parts.count, node.count, count(node.count));
    setAttr(parts.count, 'title', inner ? plural(node.topics, 'topic') : null);
    setNumber(parts.rate, node.rate_per_s, rate(node.rate_per_s));
    const age_ms = (live.now_ms || Date.now()) - node.last_ms;
    setText(parts.age, age_ms < 1_000 ? 'now' : `${duration(age_ms)} ago`);
    setAttr(parts.age, 'title', utc(node.last_ms));
    const only = inner && !opened && node.topics === 1 && !node.last ? onlyBelow(node) : null;
    setText(parts.value, only ? `${only.path}: ${valueText(only.last)}` : valueText(node.last) ||
      (inner && !opened ? plural(node.topics, 'topic') : ''));
    parts.value.classList.toggle('hint', !node.last);
    parts.group.hidden = !opened;
    if (opened) drawLevel(parts.group, node.children, topic, depth + 1);
    else if (parts.group.firstChild) keyed(parts.group, [], String, String);
  }

  const chosenTopic = () => chosen.replace(/\/#$/, '');

  function toggle(topic, on = !open.has(topic)) {
    if (on) open.add(topic);
    else open.delete(topic);
    replaceParams({open: openText()});
    draw();
    if (on && topicsIn(said) > FEW) askNow();
  }

  function openText() {
    const all = [...open].slice(0, OPEN_MAX).map((topic) => topic.replace(/[%,]/g, encodeURIComponent)).join(',');
    return all.length < 1_500 ? all : '';
  }

  // The keys of a tree: arrows go and open, Home and End go, Enter follows.
  function onKey(event) {
    const item = event.target.closest('[role=treeitem]');
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = [...list.querySelectorAll('[role=treeitem]')];
    const at = items.indexOf(item);
    const to = {ArrowDown: items[at + 1], ArrowUp: items[at - 1], Home: items[0],
      End: items[items.length - 1]}[event.key];
    const opened = item.getAttribute('aria-expanded') === 'true';
    if (event.key === 'ArrowRight' && item.inner) opened ? focus(items[at + 1]) : toggle(item.topic, true);
    else if (event.key === 'ArrowLeft') opened && !find ? toggle(item.topic, false)
      : focus(item.closest('[role=group]')?.previousElementSibling);
    else if (event.key === 'Enter' || event.key === ' ') item.chosen();
    else if (to) focus(to);
    else if (!['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key)) return;
    event.preventDefault();
  }
  function focus(item) {
    if (!item) return;
    current = item.dataset.topic;
    for (const one of list.querySelectorAll('[role=treeitem][tabindex="0"]')) setAttr(one, 'tabindex', '-1');
    setAttr(item, 'tabindex', '0');
    item.focus();
  }

  ask();
  return {
    element,
    find: filterBox({label: 'Find a topic', value: find, placeholder: 'topic\u2026', onInput: (text) => {
      find = text;
      replaceParams({find});
      if (said) draw();
      if (said && topicsIn(said) > FEW) askNow();
    }}),
    open: (level) => open.add(level),
    choose(next) {
      chosen = next;
      if (!said) return;
      replaceParams({find, open: openText()});
      draw();
      if (topicsIn(said) > FEW) askNow();
    },
    update() {},
    unmount() {
      clearTimeout(timer);
      aborter?.abort();
    },
  };
}

const topicsIn = ({tree}) => tree.reduce((sum, node) => sum + node.topics, 0);

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// The one topic below a level, with the levels that lead to it.
function onlyBelow(node) {
  const path = [];
  let at = node;
  while (!at.last && at.children.length === 1) {
    at = at.children[0];
    path.push(at.name);
  }
  return at.last ? {path: short(path.join('/'), 60), last: at.last} : null;
}

function valueText(last) {
  if (!last) return '';
  if (last.payload === null || last.payload_base64 === null) return '(not for this user)';
  const text = last.payload ?? `${count(last.payload_bytes)} bytes`;
  return short(text, 80) + (last.cut && text.length <= 80 ? '\u2026' : '');
}
