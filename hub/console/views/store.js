// Store and disk: how much there is, how long a sync takes, and what RocksDB does.
import {h, keyed, setNumber, setText, visible} from '../lib/dom.js';
import {get} from '../lib/api.js';
import {bytes, count, duration, when} from '../lib/format.js';
import {bars, meter} from '../lib/plot.js';

const REFRESH_MS = 2_000;
const MEMORY = [['cache', 'Cache of blocks'], ['memtables', 'Not yet in a file'], ['tail', 'Newest messages'], ['index', 'Index'],
                ['in_flight', 'Being written']];
const STOPPED = {nothing: '', sessions: 'Messages for sessions are refused until there is room.',
                 everything: 'All messages are refused until there is room.'};

// A list of facts: field → how it is shown. Returns {element, update(values)}.
function factsList(rows) {
  const values = rows.map(([title, field]) => [h('dt', {}, title), h('dd', {'data-field': field})]);
  return {
    element: h('dl', {class: 'facts-list'}, values),
    update: (of) => rows.forEach(([, field, show], i) => setNumber(values[i][1], of(field), show(of(field)))),
  };
}

const at = (object) => (field) => field.split('.').reduce((value, key) => value?.[key], object);

export default {
  title: 'Store',
  mount(root, route, {live}) {
    const trouble = h('p', {class: 'banner bad', hidden: true});
    const damage = h('p', {class: 'banner warn', hidden: true});
    const disk = meter('Disk that is taken');
    const diskFacts = factsList([['Free', 'disk.free_bytes', bytes], ['of', 'disk.total_bytes', bytes],
      ['Refuses below', 'disk.min_free_bytes', bytes], ['Set aside', 'disk.reserve_bytes', bytes]]);
    const storeFacts = factsList([['Waiting', 'waiting', count], ['of bytes', 'waiting_bytes', bytes],
      ['Limit', 'bytes_max', (n) => n ? bytes(n) : 'none'], ['Dead letters', 'dead_letters', count], ['Queues', 'queues', count]]);
    const fileFacts = factsList([['Files', 'file_bytes', bytes], ['not dead', 'live_bytes', bytes],
      ['Log', 'wal_bytes', bytes], ['Written since the start', 'written.bytes', bytes],
      ['for each byte of payload', 'written.per_payload_byte', (n) => n ? n.toFixed(2) : '\u2013']]);
    const mode = h('p');
    const syncs = bars('How long syncs took');
    const syncSaid = h('p', {class: 'said'});
    const rocks = h('p', {class: 'said'});
    const families = h('tbody');
    const memory = h('tbody');
    root.append(
      h('div', {class: 'head'}, h('h1', {}, 'Store and disk')), trouble, damage,
      h('div', {class: 'columns', 'data-store': ''},
        h('section', {class: 'sheet'}, h('h2', {}, 'Messages'), mode, storeFacts.element),
        h('section', {class: 'sheet'}, h('h2', {}, 'Disk'), disk.element, diskFacts.element),
        h('section', {class: 'sheet'}, h('h2', {}, 'Syncs'), syncSaid, syncs.element),
        h('section', {class: 'sheet'}, h('h2', {}, 'Files'), fileFacts.element),
        h('section', {class: 'sheet'}, h('h2', {}, 'Memory'), h('div', {class: 'rows'}, sized('Memory of the store', ['Part', 'Now', 'At most'], memory))),
        h('section', {class: 'sheet'}, h('h2', {}, 'RocksDB'), rocks,
          h('div', {class: 'rows'}, sized('Files by family', ['Family', 'Files', 'Not dead', 'By level'], families)))));

    let asked = null;
    let timer = 0;
    async function ask() {
      asked = new AbortController();
      try {
        show(await get('/v1/store', {}, {signal: asked.signal}));
      } catch {
        // The banner of the frame says that the hub is away.
      }
      timer = setTimeout(ask, REFRESH_MS);
    }
    function show(stats) {
      fileFacts.update(at(stats));
      showSyncs(stats.sync, syncs, syncSaid);
      setText(rocks, wordsOf(stats.rocksdb));
      keyed(families, stats.families, (family) => family.name, () => h('tr', {}, h('th', {scope: 'row'}), h('td', {class: 'number'}), h('td', {class: 'number'}), h('td', {})),
        (tr, family) => {
          setText(tr.children[0], family.name);
          setNumber(tr.children[1], family.file_bytes, bytes(family.file_bytes));
          setNumber(tr.children[2], family.live_bytes, bytes(family.live_bytes));
          setText(tr.children[3], family.level_files.join(' ') || '\u2013');
        });
      if (stats.memory) keyed(memory, MEMORY, ([part]) => part, ([, title]) => h('tr', {}, h('th', {scope: 'row'}, title), h('td', {class: 'number'}), h('td', {class: 'number'})),
        (tr, [part]) => {
          setNumber(tr.children[1], stats.memory[part].bytes, bytes(stats.memory[part].bytes));
          setNumber(tr.children[2], stats.memory[part].bytes_max, bytes(stats.memory[part].bytes_max));
        });
    }
    ask();
    return {
      update() {
        const {store, durability} = live.status;
        setText(mode, `Durability: ${durability}. ` + (durability === 'sync' ? 'What is acknowledged is on disk.' : 'What is acknowledged may be in memory for a moment.'));
        storeFacts.update(at(store));
        diskFacts.update(at(store));
        const taken = store.disk.total_bytes - store.disk.free_bytes;
        disk.update(taken, store.disk.total_bytes, store.disk.low ? 'bad' : '');
        trouble.hidden = !store.error && !store.disk.low;
        setText(trouble, store.error ? `The store does not write since ${when(store.error_since_ms)}: ${visible(store.error)}`
          : store.disk.low ? `The disk is nearly full since ${when(store.disk.low_since_ms)}. ${STOPPED[store.disk.stopped] ?? ''} It goes on with ${bytes(store.disk.resume_bytes)} free.` : '');
        damage.hidden = !store.damage;
        setText(damage, store.damage ? 'Damage was found: ' + visible(JSON.stringify(store.damage)) : '');
      },
      unmount() {
        clearTimeout(timer);
        asked?.abort();
      },
    };
  },
};

const sized = (caption, heads, body) => h('table', {}, h('caption', {class: 'unseen'}, caption),
  h('thead', {}, h('tr', {}, heads.map((head, i) => h('th', {scope: 'col', class: i > 0 && i < 3 ? 'number' : null}, head)))), body);

const us = (value) => value >= 1000 ? duration(value / 1000) : `${value} \u00b5s`;

function showSyncs(sync, syncs, said) {
  if (!sync || sync.count === 0) return setText(said, sync ? 'Nothing was synced since the start.' : 'The hub does not say how long its syncs take.');
  setText(said, `${count(sync.count)} since the start, ${us(Math.round(sync.sum_us / sync.count))} each`);
  const last = sync.buckets.map(({count}) => count > 0).lastIndexOf(true);
  syncs.update(sync.buckets.slice(0, last + 1).map(({le_us, count}, i) =>
    ({label: le_us === null ? `> ${us(sync.buckets[i - 1].le_us)}` : `\u2264 ${us(le_us)}`, count})), count);
}

function wordsOf(rocksdb) {
  if (!rocksdb) return '';
  const doing = [rocksdb.compactions_running > 0 ? `compacts (${rocksdb.compactions_running})` : '',
                 rocksdb.flushes_running > 0 ? `flushes (${rocksdb.flushes_running})` : '',
                 rocksdb.stalled ? 'slows writers down' : ''].filter(Boolean);
  const pending = rocksdb.pending_compaction_bytes > 0 ? ` ${bytes(rocksdb.pending_compaction_bytes)} wait to be compacted.` : '';
  return (doing.length ? `It ${doing.join(', ')}.` : 'It is idle.') + pending;
}
