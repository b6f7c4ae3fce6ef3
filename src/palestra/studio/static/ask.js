// Asks the server. What it sends packed (the bytes of numbers) becomes arrays again.

export class Refused extends Error {}

export async function ask(path, words, { method = "GET", body } = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(words || {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") query.append(name, each);
    }
  }
  const text = query.toString();
  const answer = await fetch("api/" + path + (text ? "?" + text : ""), {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? {} : { "content-type": "application/json" },
  });
  let value = null;
  const said = await answer.text();
  try {
    value = JSON.parse(said);
  } catch {
    throw new Refused(said.trim() || answer.statusText);
  }
  if (!answer.ok) throw new Refused(value.error || answer.statusText);
  return value;
}

export const run = (id) => "runs/" + encodeURIComponent(id);

const KINDS = { u1: Uint8Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };

export function unpack(packed) {
  if (!packed) return [];
  if (packed.type === "list") return packed.data;
  const text = atob(packed.data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new KINDS[packed.type](bytes.buffer);
}

export const list = (packed) => Array.from(unpack(packed));

// Events as they come; the browser goes on by itself where a connection broke. Returns what ends it.
export function listen(path, words, handlers) {
  const query = new URLSearchParams(words || {}).toString();
  const source = new EventSource("api/" + path + (query ? "?" + query : ""));
  for (const [name, handle] of Object.entries(handlers)) {
    if (name === "lost") source.onerror = () => handle(source.readyState === EventSource.CLOSED);
    else if (name === "found") source.onopen = handle;
    else source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  }
  return () => source.close();
}
