// A box that publishes one message, for who may. What is JSON goes as it is, anything else as a line with its payload.
import {h, setText, visible} from '../../lib/dom.js';
import {post} from '../../lib/api.js';

const HEADER_MAX = 8_000;  // characters: the hub takes headers of 16 KiB

const isJson = (text) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

// A header holds printable ASCII only.
const isPlain = (text) => /^[\x20-\x7e]*$/.test(text) && text === text.trim();

// Slashes part the levels of a topic in the address too, so they stay as they are.
const target = (topic) => '/v1/publish/' + topic.split('/').map(encodeURIComponent).join('/');

const pairsOf = (text) => text.split('\n').filter((line) => line.trim()).map((line) => {
  const at = line.indexOf('=');
  return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1)];
});

function publish({topic, payload, retain, contentType, pairs, expiry_s}) {
  const plain = isJson(payload) && isPlain(contentType) && pairs.length < 2 && pairs.every(([key, value]) =>
    isPlain(key) && isPlain(value) && value.length < HEADER_MAX) && /^[^\s][^]*$/.test(topic) &&
      topic.length < HEADER_MAX &&
    !topic.split('/').some((level) => level === '.' || level === '..');
  if (!plain) return publishLine({topic, payload, retain, contentType, pairs, expiry_s});
  const headers = {};
  if (retain) headers['Headgate-Retain'] = '1';
  if (expiry_s) headers['Headgate-Expiry-S'] = expiry_s;
  if (contentType) headers['Headgate-Content-Type'] = contentType;
  for (const [key, value] of pairs) headers['Headgate-User-Property'] = `${key}=${value}`;
  return post(target(topic), {body: payload, headers});
}

// As a line its topic, properties and text may be anything; the one in the address is not used.
async function publishLine({topic, payload, retain, contentType, pairs, expiry_s}) {
  const line = {topic, payload, retain, ...(contentType ? {content_type: contentType} : {}),
                ...(pairs.length ? {user_properties: pairs} : {}), ...(expiry_s ? {expiry_s: Number(expiry_s)} : {})};
  const said = await post('/v1/publish/lines', {body: JSON.stringify(line) + '\n', type: 'application/x-ndjson'});
  const answer = typeof said === 'string' ? JSON.parse(said.split('\n')[0]) : said;
  if (answer.error) throw new Error(answer.error);
  return answer;
}

// publishBox(topic): `topic` is what it begins with.
export function publishBox(first) {
  const topic = h('input', {type: 'text', id: 'publish-topic', value: first, autocomplete: 'off', spellcheck: 'false',
    placeholder: 'plant/7/temperature'});
  const contentType = h('input', {type: 'text', id: 'publish-type', autocomplete: 'off', spellcheck: 'false',
    placeholder: 'application/json'});
  const expiry = h('input', {type: 'number', id: 'publish-expiry', min: '1', placeholder: 'never'});
  const retain = h('input', {type: 'checkbox'});
  const properties = h('textarea', {id: 'publish-properties', rows: '2', spellcheck: 'false',
    placeholder: 'name=value'});
  const payload = h('textarea', {id: 'publish-body', rows: '4', spellcheck: 'false', placeholder: '{"celsius": 91}'});
  const said = h('p', {class: 'hint', role: 'status'});
  const field = (id, title, input) => h('div', {class: 'field'}, h('label', {for: id}, title), input);
  const button = h('button', {type: 'button', class: 'primary', onclick: async () => {
    setText(said, '');
    said.className = 'hint';
    if (!topic.value) return refuse('A message needs a topic.');
    button.disabled = true;
    try {
      const {seq, repeated} = await publish({topic: topic.value, payload: payload.value, retain: retain.checked,
        contentType: contentType.value, pairs: pairsOf(properties.value), expiry_s: expiry.value});
      setText(said, repeated ? 'It had been stored before.' : seq > 0 ? `Published and stored; its number is ${seq}.`
        : 'Published to those who listen now; no queue keeps it.');
    } catch (error) {
      refuse(error.message);
    } finally {
      button.disabled = false;
    }
    return undefined;
  }}, 'Publish');
  const refuse = (words) => {
    said.className = 'bad-text';
    setText(said, visible(words));
  };
  return {
    // Offers another topic, unless somebody has typed one.
    follow(next) {
      if (topic.value !== first) return;
      topic.value = first = next;
    },
    element: h('details', {class: 'sheet topics-publish'}, h('summary', {}, h('h2', {}, 'Publish a message')),
      h('div', {class: 'route-fields'}, field('publish-topic', 'Topic', topic),
        field('publish-type', 'Content type', contentType), field('publish-expiry', 'Expires after seconds', expiry),
        field('publish-properties', 'User properties, one a line', properties)),
      field('publish-body', 'Body', payload),
      h('div', {class: 'actions'}, button, h('label', {}, retain, ' retained')),
      h('p', {class: 'hint'}, 'It is answered once it is durable, as at QoS 1.'), said),
  };
}
