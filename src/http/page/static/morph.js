// Makes one tree like another with as few changes as there are differences, so that focus, selection and scrolling stay.

/** Makes `old` like `fresh`. Elements with `data-keep` belong to the page's modules; rows of the same version are left as
 * they are. */
export function morph(old, fresh) {
  if (old.hasAttribute("data-keep")) return;
  morphAttributes(old, fresh);
  morphChildren(old, fresh);
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

function morphChildren(old, fresh) {
  const keyed = new Map();
  for (const child of old.children) {
    const key = keyOf(child);
    if (key) keyed.set(key, child);
  }
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    const match = key ? keyed.get(key) : place;
    if (match && alike(match, wanted)) {
      if (match === place) place = place.nextSibling;
      else old.insertBefore(match, place);
      if (key) keyed.delete(key);
      morphNode(match, wanted);
    } else {
      old.insertBefore(document.importNode(wanted, true), place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

const alike = (old, fresh) => old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);

function morphNode(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else if (!isSame(old, fresh)) {
    morph(old, fresh);
  }
}

/** Of a row, whether nothing of it changed but ages, which the clock keeps. */
function isSame(old, fresh) {
  return old.dataset?.version !== undefined && old.dataset.version === fresh.dataset.version;
}
