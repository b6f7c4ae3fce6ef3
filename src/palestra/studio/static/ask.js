// Asks the server. What it sends packed (the bytes of numbers) becomes arrays again.

import { say } from "./dom.js";
import { t } from "./words.js";

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
    throw new Error(said.trim() || answer.statusText);
  }
  if (!answer.ok) throw new Error(value.error || answer.statusText);
  return value;
}

export const post = (path, body) => ask(path, {}, { method: "POST", body });
export const remove = (path) => ask(path, {}, { method: "DELETE" });
export const orSay = (asked) => asked.catch((error) => say(error.message));
export const run = (id) => "runs/" + encodeURIComponent(id);

// Deletes runs, with a way back for a day, after which `then` is done; returns those that are gone.
export async function setAside(ids, then) {
  const gone = [];
  for (const id of ids) await orSay(remove(run(id)).then(() => gone.push(id)));
  if (gone.length) say(t("{n} deleted; they can be brought back for a day", { n: gone.length }), t("Bring back"), () => bringBack(gone).then(then));
  return gone;
}

export async function bringBack(ids) {
  for (const id of ids) await orSay(post("aside/" + encodeURIComponent(id)));
}

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
  source.onerror = () => say(t("The studio does not answer; it may have ended."));
  for (const [name, handle] of Object.entries(handlers)) source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  return () => source.close();
}
