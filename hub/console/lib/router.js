// Addresses: `#/queue/NAME?topic=plant%2F%23`, each part encoded. What a view shows is in its address, so that it can be sent
// to a colleague, and the browser's back button means what it says.

export function parse(hash) {
  const text = hash.replace(/^#\/?/, '');
  const [where, query = ''] = [text.split('?')[0], text.slice(text.split('?')[0].length + 1)];
  const parts = where.split('/').map(decoded);
  return {view: parts[0] || 'flow', name: parts.slice(1).join('/'), params: new URLSearchParams(query)};
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// The address of a view; parameters without a value are left out.
export function link(view, name = '', params = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params))
    if (value !== undefined && value !== null && value !== '' && value !== false) query.set(key, value === true ? '1' : value);
  const text = query.toString();
  return '#/' + view + (name === '' ? '' : '/' + encodeURIComponent(name)) + (text ? '?' + text : '');
}

export const go = (view, name, params) => { location.hash = link(view, name, params); };

export const current = () => parse(location.hash);

// Changes parameters of the present address without a step back for each letter typed.
export function replaceParams(changes) {
  const {view, name, params} = current();
  const all = {...Object.fromEntries(params), ...changes};
  history.replaceState(null, '', link(view, name, all));
}
