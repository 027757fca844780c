// What a route's row says, in words: whether it is in trouble, where it takes from and where it leads.
import {h, short, visible} from '../../lib/dom.js';
import {bytes, plural} from '../../lib/format.js';
import {link} from '../../lib/router.js';
import {endpointsOf, filterOf, sourceOf} from '../flow/model.js';

// 'bad': it does not do what is written; 'warn': it does not do it with all messages.
export function trouble(row) {
  if (row.error || row.computed?.blocked_by) return 'bad';
  return troubleText(row) ? 'warn' : '';
}

// What is wrong, shortest first; empty: nothing.
export function troubleText(row) {
  const {computed} = row;
  const parts = [
    row.kept && 'the text in its file is wrong, an earlier one is in force',
    row.error && reason(row.error),
    computed?.blocked_by && `waits for room in ${computed.blocked_by}`,
    row.type_errors > 0 && `${plural(row.type_errors, 'result')} not given: ${row.type_error_last || 'a type error'}`,
    row.unreadable > 0 && `${plural(row.unreadable, 'message')} could not be read`,
    computed?.late_dropped > 0 && `${plural(computed.late_dropped, 'message')} came too late`,
    computed?.evicted > 0 && `${plural(computed.evicted, 'group')} given up for lack of room`,
    row.shadow?.missed > 0 && `the shadow missed ${plural(row.shadow.missed, 'message')}`,
  ];
  return parts.filter(Boolean).join('; ');
}

// The first mistake of an error without the file before it and the caret below it.
export function reason(error) {
  const line = error.split('\n')[0];
  return /\d+:\d+: (?:error|warning): (.*)$/.exec(line)?.[1] ?? line;
}

export function stateWord(row) {
  if (row.shadow) return 'shadow: it counts and delivers nothing';
  if (row.kept) return 'an earlier version is in force';
  return row.active ? 'in force' : 'left out';
}

export const source = (row) => row.source ?? sourceOf(row);

export function computing(row) {
  if (!row.computed) return '';
  return `${plural(row.computed.groups, 'group')}, ${bytes(row.computed.state_bytes)}`;
}

// A value in braces of a topic stands for one level of it.
const asFilter = (topic) => topic.split('/').map((level) => level.includes('{') ? '+' : level).join('/');

// A path that is broken behind its slashes, if it has to be.
function pathNode(text, max = 120) {
  const parts = short(text, max).split(/(?<=\/)/);
  return h('bdi', {class: 'name', title: visible(text).slice(0, 1000)}, parts.flatMap((part, i) => i ? [h('wbr'), part]
    : [part]));
}

// The source as a link to its topics, if it has any of its own.
export function sourceNode(row) {
  const text = source(row);
  const shown = pathNode(text);
  return text.startsWith('$') || text === 'unknown' ? shown : h('a', {href: link('topics', filterOf(text))}, shown);
}

// Each place that a route leads to, as a link to it.
export function endNodes(row) {
  return endpointsOf(row.endpoint).map((end) => {
    if (end === '$deadletter') return h('a', {href: link('dead')}, 'dead letters');
    if (end.startsWith('topic:')) {
      const topic = end.slice(6);
      return h('span', {}, 'topic ', h('a', {href: link('topics', asFilter(topic))}, pathNode(topic)));
    }
    if (end === '$null') return h('span', {}, 'nowhere, on purpose');
    return h('a', {href: link('queue', end)}, pathNode(end));
  });
}

export const separated = (nodes) => nodes.flatMap((node, i) => i === 0 ? [node] : [', ', node]);

export const fileName = (file) => file.slice(file.lastIndexOf('/') + 1);
