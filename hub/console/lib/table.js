// A table of rows that keep their elements while their numbers change: focus, selection and scroll stay where they are. Above
// VIRTUAL_ROWS only those in sight exist.
//
//   const table = new Table({
//     caption: 'Queues', keyOf: (row) => row.name,
//     columns: [{title: 'Name', field: 'name', cell: (td, row) => …fills td once for each key…},
//               {title: 'Waiting', field: 'waiting', number: true, value: (row) => row.waiting, show: count}],
//     sort: {field: 'waiting', down: true}, empty: 'Nothing waits.', rowClass: (row) => '', onSort: ({field, down}) => …});
//   root.append(table.element); table.show(rows);
import {h, keyed, replace, setAttr, setNumber, setText} from './dom.js';

const VIRTUAL_ROWS = 200;
const ROWS_A_TASK = 40;  // that are made at a time, so that the page answers in between
const ROW_PX = 33;  // of a row in a table that scrolls by itself: style.css, .rows.virtual

export class Table {
  constructor({caption, columns, keyOf, sort = null, empty = 'There is nothing here.', rowClass = () => '', onSort = () => {},
               data = null}) {
    Object.assign(this, {columns, keyOf, sort, rowClass, onSort});
    this.data = data ?? keyOf;  // of data-key
    this.rows = [];
    this.made = ROWS_A_TASK;
    this.heads = columns.map((column) => this.#head(column));
    this.body = h('tbody');
    this.above = h('tbody', {'aria-hidden': 'true'});
    this.below = h('tbody', {'aria-hidden': 'true'});
    this.table = h('table', {}, h('caption', {class: 'unseen'}, caption), h('thead', {}, h('tr', {}, this.heads)),
                   this.above, this.body, this.below);
    this.nothing = h('p', {class: 'nothing', hidden: true}, empty);
    this.scroll = h('div', {class: 'rows', role: 'region', 'aria-label': caption, tabindex: '0',
                            onscroll: () => this.#draw()}, this.table);
    this.element = h('div', {class: 'table'}, this.scroll, this.nothing);
  }

  // Shows these rows from now on. In a table that scrolls by itself the row that is on top stays there.
  show(rows) {
    const top = Math.floor(this.scroll.scrollTop / ROW_PX);
    const seen = this.rows.length > VIRTUAL_ROWS && top > 0 ? this.keyOf(this.rows[Math.min(top, this.rows.length - 1)]) : null;
    this.rows = this.#sorted(rows);
    if (seen !== null) this.#keepAt(top, seen);
    this.nothing.hidden = this.rows.length > 0;
    this.scroll.hidden = this.rows.length === 0;
    this.scroll.classList.toggle('virtual', this.rows.length > VIRTUAL_ROWS);
    setAttr(this.table, 'aria-rowcount', this.rows.length + 1);
    this.#draw();
  }

  #head(column) {
    const button = h('button', {class: 'sort', type: 'button', onclick: () => this.#sortBy(column)}, column.title);
    return h('th', {scope: 'col', class: column.number ? 'number' : null, 'data-field': column.field},
             column.plain ? column.title : button);
  }

  #sortBy({field, number}) {
    const same = this.sort?.field === field;
    this.sort = {field, down: same ? !this.sort.down : Boolean(number)};
    this.onSort(this.sort);
    this.show(this.rows);
  }

  #sorted(rows) {
    const all = [...rows];
    const column = this.columns.find(({field}) => field === this.sort?.field);
    this.heads.forEach((head, i) => setAttr(head, 'aria-sort',
      this.columns[i] === column ? (this.sort.down ? 'descending' : 'ascending') : null));
    if (!column) return all;
    const value = column.value ?? ((row) => row[column.field]);
    const sign = this.sort.down ? -1 : 1;
    return all.sort((a, b) => sign * compare(value(a), value(b)) || compare(this.keyOf(a), this.keyOf(b)));
  }

  #keepAt(top, key) {
    const now = this.rows.findIndex((row) => this.keyOf(row) === key);
    if (now < 0 || now === top) return;
    this.#space(this.above, Math.max(this.above.rowsBefore ?? 0, now));
    this.scroll.scrollTop += (now - top) * ROW_PX;
  }

  #draw() {
    const many = this.rows.length > VIRTUAL_ROWS;
    const first = many ? Math.max(0, Math.floor(this.scroll.scrollTop / ROW_PX) - 10) : 0;
    const last = many ? Math.min(this.rows.length, first + Math.ceil(this.scroll.clientHeight / ROW_PX) + 20)
                      : Math.min(this.rows.length, this.made);
    this.#space(this.above, first);
    this.#space(this.below, many ? this.rows.length - last : 0);
    keyed(this.body, this.rows.slice(first, last), this.keyOf, (row) => this.#make(row), (tr, row) => this.#update(tr, row));
    if (many) return;
    if (last < this.rows.length) this.#makeMore();
    else this.made = Math.max(this.made, last + ROWS_A_TASK);  // a row that comes between pushes none out
  }

  #makeMore() {
    clearTimeout(this.more);
    this.more = setTimeout(() => {
      this.made += ROWS_A_TASK;
      this.#draw();
    });
  }

  #space(body, rows) {
    if (body.rowsBefore === rows) return;
    body.rowsBefore = rows;
    if (rows === 0) return replace(body);
    const cell = h('td', {colspan: this.columns.length});
    cell.style.height = rows * ROW_PX + 'px';
    replace(body, h('tr', {class: 'space'}, cell));
  }

  #make(row) {
    const tr = h('tr', {'data-key': this.data(row)});
    for (const column of this.columns) {
      const td = h(column.head ? 'th' : 'td', {class: column.number ? 'number' : column.kind, 'data-field': column.field,
                                               scope: column.head ? 'row' : null});
      column.cell?.(td, row);
      tr.append(td);
    }
    return tr;
  }

  #update(tr, row) {
    setAttr(tr, 'class', this.rowClass(row) || null);
    this.columns.forEach((column, i) => {
      const td = tr.children[i];
      if (column.update) return column.update(td, row);
      if (column.cell) return;
      const value = column.value ? column.value(row) : row[column.field];
      const shown = column.show ? column.show(value, row) : value ?? '';
      if (column.number) setNumber(td, value, shown);
      else setText(td, shown);
    });
  }
}

const collator = new Intl.Collator('en', {numeric: true});

export function compare(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(a ?? '', b ?? '');
}

// A box that filters: `onInput` gets the text.
export function filterBox({label, value = '', placeholder = '', onInput}) {
  return h('label', {class: 'filter'}, h('span', {class: 'unseen'}, label),
           h('input', {type: 'search', value, placeholder, 'aria-label': label, spellcheck: 'false', autocomplete: 'off',
                       oninput: (event) => onInput(event.target.value)}));
}
