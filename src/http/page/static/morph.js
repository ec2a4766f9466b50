// Makes one tree like another with as few changes as there are differences, so that focus, selection and scrolling stay.

import { longestRising } from "./rising.js";

/** Makes `old` like `fresh`. Elements with `data-keep` belong to the page's modules. What `lineOf` has stands in `fresh` for a
 * line that stays as it is, wherever that is. */
export function morph(old, fresh, lineOf) {
  if (old.hasAttribute("data-keep")) return;
  morphAttributes(old, fresh);
  morphChildren(old, fresh, lineOf);
}

function morphAttributes(old, fresh) {
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  if (old === document.activeElement) return;
  if (old instanceof HTMLInputElement && old.value !== (fresh.getAttribute("value") ?? "")) {
    old.value = fresh.getAttribute("value") ?? "";
  }
  if (old instanceof HTMLOptionElement) old.selected = fresh.hasAttribute("selected");
}

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset?.key || "" : "");

function morphChildren(old, fresh, lineOf) {
  const wanted = [...fresh.childNodes];
  const matches = matchesOf(old, wanted, lineOf);
  const staying = stayingOf(old, matches);
  const moving = new Set(matches.filter((match) => match && !staying.has(match)));
  let place = old.firstChild;
  /** Passes by what goes to another place later, and takes away what is wanted no more. */
  const pass = (isDone) => {
    while (place && !isDone(place)) {
      const next = place.nextSibling;
      if (!moving.has(place)) place.remove();
      place = next;
    }
  };
  wanted.forEach((node, at) => {
    const match = matches[at];
    if (staying.has(match)) {
      pass((reached) => reached === match);
      place = match.nextSibling;
    } else if (match) {
      if (match === place) place = match.nextSibling;
      else put(old, match, place);
      moving.delete(match);
    } else {
      pass((reached) => !moving.has(reached) && (staying.has(reached) || !keyOf(reached)));
      if (place && !staying.has(place) && alike(place, node)) {
        morphNode(place, node, lineOf);
        place = place.nextSibling;
      } else {
        old.insertBefore(document.importNode(node, true), place);
      }
    }
    if (match && !lineOf.has(node)) morphNode(match, node, lineOf);
  });
  pass(() => false);
}

/** Of each node that is wanted, the one that becomes it; what has no key becomes what stands in its place. */
function matchesOf(old, wanted, lineOf) {
  const keyed = new Map();
  for (const child of old.children) {
    const key = keyOf(child);
    if (key && !keyed.has(key)) keyed.set(key, child);
  }
  return wanted.map((node) => {
    if (lineOf.has(node)) return lineOf.get(node);
    const match = keyed.get(keyOf(node));
    if (!match || !alike(match, node)) return null;
    keyed.delete(keyOf(node));
    return match;
  });
}

/** Those that need not move: as many as can stay in their order. */
function stayingOf(old, matches) {
  const places = new Map([...old.childNodes].map((child, place) => [child, place]));
  const ours = matches.filter((match) => places.has(match));
  const rising = longestRising(ours.map((match) => places.get(match)));
  return new Set(rising.map((at) => ours[at]));
}

/** Where the browser can, without a blink: focus and selection stay within what is moved. */
function put(parent, node, place) {
  if (parent.moveBefore && node.isConnected) parent.moveBefore(node, place);
  else parent.insertBefore(node, place);
}

const alike = (old, fresh) => old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);

function morphNode(old, fresh, lineOf) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else {
    morph(old, fresh, lineOf);
  }
}
