// The address after the # is the whole state of a view: #/run/ID?x=seconds&smooth=0.6

export function read() {
  const text = location.hash.replace(/^#\/?/, "");
  const [path, query] = text.split(/\?(.*)/s);
  return { path: path.split("/").filter(Boolean).map(decode), words: new URLSearchParams(query || "") };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function link(path, words) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(words || {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "" && each !== false) pairs.append(name, each === true ? "1" : each);
    }
  }
  const query = pairs.toString();
  return "#/" + path.map(encodeURIComponent).join("/") + (query ? "?" + query : "");
}

// The same view with some words changed; null takes one away. Typing and dragging replace the last entry of the history,
// a choice adds one, to which Back returns.
export function change(words, { back = false } = {}) {
  const now = read();
  const kept = {};
  for (const name of now.words.keys()) kept[name] = now.words.getAll(name);
  const next = link(now.path, { ...kept, ...words });
  if (next === location.hash) return;
  history[back ? "pushState" : "replaceState"](null, "", next);
}
