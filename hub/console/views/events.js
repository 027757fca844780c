// The typed log, as it is written: the last lines, by level and by a text in them.
import {h, name, setText, short} from '../lib/dom.js';
import {plural, utc, when} from '../lib/format.js';
import {replaceParams} from '../lib/router.js';
import {Table, filterBox} from '../lib/table.js';

const LEVELS = ['debug', 'info', 'warn', 'error'];

const fieldsText = (event) => Object.entries(event.fields).map(([key, value]) => `${key}=${value}`).join(' ');

export default {
  title: 'Events',
  mount(root, route, {live}) {
    let level = LEVELS.includes(route.params.get('level')) ? route.params.get('level') : 'info';
    let find = route.params.get('find') ?? '';
    const table = new Table({
      caption: 'Events, newest first', keyOf: (event) => event.number, empty: 'No event fits.',
      rowClass: ({level}) => level === 'error' ? 'bad' : level === 'warn' ? 'warn' : '',
      columns: [
        {title: 'Time', field: 'at_ms', plain: true, kind: 'time',
         cell: (td, event) => td.append(h('time', {datetime: utc(event.at_ms), title: utc(event.at_ms)}, when(event.at_ms)))},
        {title: 'Level', field: 'level', plain: true},
        {title: 'Event', field: 'event', plain: true, head: true},
        {title: 'What', field: 'fields', plain: true, kind: 'fields', cell: (td, event) => td.append(...fieldNodes(event))},
      ],
    });
    const said = h('p', {class: 'said', role: 'status'});
    const pick = h('select', {'aria-label': 'Least level', onchange: () => {
      level = pick.value;
      replaceParams({level});
      draw();
    }}, LEVELS.map((one) => h('option', {value: one, selected: one === level}, `${one} and worse`)));
    root.append(
      h('div', {class: 'head'}, h('h1', {}, 'Events'), pick,
        filterBox({label: 'Find in events', value: find, placeholder: 'client, event, text\u2026', onInput: (text) => {
          find = text;
          replaceParams({find});
          draw();
        }})),
      said, table.element);

    function draw() {
      const wanted = find.toLowerCase();
      const fit = live.events.filter((event) => LEVELS.indexOf(event.level) >= LEVELS.indexOf(level) &&
        (!wanted || `${event.event} ${fieldsText(event)}`.toLowerCase().includes(wanted)));
      setText(said, `${plural(fit.length, 'event')} of the last ${live.events.length}`);
      table.show(fit.reverse());
    }
    return {update: draw};
  },
};

function fieldNodes(event) {
  return Object.entries(event.fields).flatMap(([key, value]) => [h('span', {class: 'key'}, key + '='), name(short(value, 300)), ' ']);
}
