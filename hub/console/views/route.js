// Routes: what each takes, where it leads and what is wrong with it; of one its text, marks and last messages.
import {h, name, replace, setAttr, setNumber, setText, short, visible} from '../lib/dom.js';
import {bytes, count, plural, rate} from '../lib/format.js';
import {link, replaceParams} from '../lib/router.js';
import {Table, compare, filterBox} from '../lib/table.js';
import {one} from './route/one.js';
import {computing, endNodes, fileName, separated, source, sourceNode, trouble, troubleText} from './route/words.js';

const PASTE = `{ "routes": { "hot": "FROM 'plant/+/temperature' WHERE $body.celsius > 80 INTO $upstream" } }`;

export default {
  title: 'Routes',
  mount(root, route, app) {
    let inside = null;
    let at = null;
    function open(next) {
      if (at !== null && at === next.name && next.name) return;  // only parameters differ: what was typed stays
      inside?.unmount?.();
      replace(root);
      at = next.name;
      inside = next.name ? one(root, next, app) : list(root, next, app);
      if (app.live.status) inside.update();
    }
    open(route);
    return {
      update: () => inside.update(),
      route: open,
      unmount: () => inside.unmount?.(),
    };
  },
};

function list(root, route, {live}) {
  let find = route.params.get('find') ?? '';
  let only = route.params.get('trouble') === '1';
  const sort = route.params.has('sort') ? {field: route.params.get('sort'), down: route.params.get('up') !== '1'}
    : null;
  const table = new Table({
    caption: 'Routes', keyOf: (row) => row.name, columns: columns(live), sort, empty: 'No route fits.',
      rowClass: trouble,
    onSort: ({field, down}) => replaceParams({sort: field, up: !down}),
  });
  const lookups = new Table({caption: 'Lookup tables', keyOf: (row) => row.name, columns: TABLE_COLUMNS,
                             rowClass: (row) => row.error ? 'bad' : '', sort: {field: 'name', down: false}});
  const below = h('section', {hidden: true}, h('h2', {}, 'Lookup tables'), lookups.element);
  const said = h('p', {class: 'said', role: 'status'});
  const hint = h('div', {class: 'hint', hidden: true},
    h('p', {}, 'A route says which messages go where, and what is made of them on the way. Put one into the ' +
      'configuration, or into a file of its own, and that in force:'),
    h('pre', {tabindex: '0', 'aria-label': 'A file with one route'}, PASTE),
      h('p', {}, h('code', {}, 'headgate route apply hot.json')));
  const check = h('input', {type: 'checkbox', checked: only, onchange: () => {
    only = check.checked;
    replaceParams({trouble: only});
    update();
  }});
  root.append(
    h('div', {class: 'head'}, h('h1', {}, 'Routes'), h('label', {}, check, ' only trouble'),
      filterBox({label: 'Find a route', value: find, placeholder: 'name, source, text\u2026', onInput: (text) => {
        find = text;
        replaceParams({find});
        update();
      }})),
    said, hint, table.element, below);

  function update() {
    const wanted = find.toLowerCase();
    const all = [...live.routes.values()];
    const fit = all.filter((row) => (!only || trouble(row)) &&
      (!wanted || `${row.name} ${row.text} ${row.endpoint} ${row.file} ${row.error}`.toLowerCase().includes(wanted)));
    setText(said, summary(all) + (fit.length === all.length ? '' : ` ${count(fit.length)} shown.`));
    hint.hidden = all.length > 0;
    table.element.hidden = all.length === 0;
    table.show(table.sort ? fit : worstFirst(fit));
    below.hidden = live.tables.length === 0;
    lookups.show(live.tables);
  }
  return {update};
}

const RANK = {bad: 0, warn: 1, '': 2};
const worstFirst = (rows) => rows.map((row) => ({row, rank: RANK[trouble(row)]}))
  .sort((a, b) => a.rank - b.rank || compare(a.row.name, b.row.name)).map(({row}) => row);

function summary(all) {
  if (all.length === 0) return 'There is no route yet.';
  const wrong = all.filter((row) => row.error || row.computed?.blocked_by).length;
  const active = all.filter((row) => row.active).length;
  return `${plural(all.length, 'route')}, ${count(active)} in force` +
    (wrong === 0 ? '.' : `; ${count(wrong)} ${wrong === 1 ? 'does' : 'do'} not do what is written.`);
}

// Fills a cell anew only when what it shows has changed.
function fill(td, key, make) {
  if (td.drawn === key) return;
  td.drawn = key;
  replace(td, make());
}

const number = (title, field) => ({title, field, number: true, show: count});

function columns(live) {
  return [
    {title: 'Route', field: 'name', head: true,
     cell: (th, row) => th.append(h('a', {href: link('route', row.name), title: visible(row.name).slice(0, 1000)},
       name(short(row.name, 60)))),
     update: (th, row) => setAttr(th.parentElement, 'data-route', row.name)},
    {title: 'What is wrong', field: 'error', kind: 'route-wrong', value: troubleText,
     update: (td, row) => {
       setText(td, short(troubleText(row), 200));
       setAttr(td, 'title', visible(row.error).slice(0, 1000) || null);
       setAttr(td, 'class', 'route-wrong ' + (trouble(row) ? trouble(row) + '-text' : ''));
     }},
    {title: 'Takes from', field: 'source', kind: 'route-place', value: source,
     update: (td, row) => fill(td, source(row), () => sourceNode(row))},
    {title: 'Leads to', field: 'endpoint', kind: 'route-place',
     update: (td, row) => fill(td, row.endpoint, () => separated(endNodes(row)))},
    {title: 'Matched/s', field: 'rate', number: true, value: (row) => live.rate('routes', row.name, 'matched'),
      show: rate},
    number('Evaluated', 'evaluated'), number('Matched', 'matched'), number('Results', 'results'),
    number('Undecided', 'undefined'), number('Unreadable', 'unreadable'), number('Type errors', 'type_errors'),
    {title: 'Computing', field: 'computed.groups', number: true, value: (row) => row.computed?.groups ?? 0,
     update: (td, row) => {
       if (row.computed) setNumber(td, row.computed.groups, computing(row));
     }},
    {title: 'File', field: 'file', kind: 'mono', value: (row) => row.file,
     update: (td, row) => {
       setText(td, short(fileName(row.file), 40));
       setAttr(td, 'title', visible(row.file).slice(0, 1000));
     }},
  ];
}

const TABLE_COLUMNS = [
  {title: 'Table', field: 'name', head: true, show: (text) => short(text, 60)},
  {title: 'Comes from', field: 'origin', show: (text) => short(text ?? '', 100)},
  {title: 'State', field: 'in_force', value: (row) => row.in_force ? 1 : 0, show: (value) => value ? 'in force'
    : 'not in force'},
  {title: 'Rows', field: 'rows', number: true, show: count},
  {title: 'Size', field: 'bytes', number: true, show: bytes},
  {title: 'Refused', field: 'refused', number: true, show: count},
  {title: 'What is wrong', field: 'error', kind: 'wrap', show: (text) => short(text ?? '', 300)},
  {title: 'Declared in', field: 'file', kind: 'mono', show: (text) => short(fileName(text ?? ''), 60)},
];
