// Keys, the viewer, and news from the queue. Everything works without it but the comfort.
"use strict";

// ── keys: an element with data-key="x" is pressed (or focused, if one can type in it) by that key; data-keys="d 1" by two.
// What decides (the button of a form) is pressed only when what it is about was on the screen, and never by a key that is held down.
let begun = "";

document.addEventListener("keydown", (event) => {
  const on = event.target, typing = on.matches("input:not([type=checkbox], [type=range]), select, textarea");
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.repeat && event.key === "Enter" && !on.matches("textarea")) { event.preventDefault(); return; }
  if (event.key === "Enter" && on.matches(".assign select")) { event.preventDefault(); if (mayDecide()) on.form.requestSubmit(); return; }
  if (typing && event.key === "Escape") { on.blur(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && on.matches("a, button, summary")) { if (decides(on) && !mayDecide()) event.preventDefault(); return; }
  if (on.matches("[type=range]") && event.key.length > 1) return;
  if (event.key.length === 1 && !singleKeys()) return;
  const target = begun ? named("keys", `${begun} ${key}`) : named("key", key);
  if (event.repeat) { if (moves(target) || (!target && pan(key))) { event.preventDefault(); target?.click(); } return; }
  const begins = !begun && document.querySelector(`[data-keys^="${CSS.escape(key)} "]`);
  begun = "";
  if (target) { event.preventDefault(); press(target); return; }
  if (begins) { event.preventDefault(); begun = key; begins.scrollIntoView({ block: "nearest" }); return; }
  if (pan(key)) event.preventDefault();
});

function moves(element) { return element?.matches("[data-view=in], [data-view=out]") && view; }

function decides(element) { return element.matches("button:not([type=button])") && element.form?.method === "post"; }

// Was the drawing shown, and is nothing decided about it yet? Says so where not.
function mayDecide() {
  const main = document.querySelector("main"), shown = "shown" in main.dataset;
  if (!shown) tell(main.querySelector("[data-not-yet]")?.dataset.notYet);
  return shown && !("decided" in main.dataset);
}

function tell(text, quietly = false) {
  const place = document.querySelector("#told");
  if (place) { place.textContent = text ?? ""; place.classList.toggle("visually-hidden", quietly); }
}

function named(name, value) {
  return document.querySelector(`[data-${name}="${CSS.escape(value)}"]`);
}

function press(element) {
  if (decides(element) && !mayDecide()) return;
  if (element.matches("input:not([type=checkbox]), select")) { element.focus(); element.select?.(); } else element.click();
}

document.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.requestConfig.verb === "post" && event.detail.boosted) document.querySelector("main").dataset.decided = ""; });
document.addEventListener("htmx:sendError", () => { delete document.querySelector("main").dataset.decided; });

// Single keys can be turned off, by each person in each browser: who speaks to the computer would press them by accident.
function keysOf() { return `scanpipe keys of ${document.querySelector("#help").dataset.person}`; }
function singleKeys() { return localStorage.getItem(keysOf()) !== "off"; }

function showKeys() {
  const box = document.querySelector("#single-keys");
  box.checked = singleKeys();
  document.documentElement.classList.toggle("no-keys", !box.checked);
}

document.addEventListener("change", (event) => {
  if (event.target.id !== "single-keys") return;
  localStorage.setItem(keysOf(), event.target.checked ? "on" : "off");
  showKeys();
});

function showHelp() {
  const list = document.querySelector("#help dl");
  const rows = [...document.querySelectorAll("[data-key], [data-keys]")].map((element) => {
    const term = document.createElement("dt"), meaning = document.createElement("dd"), cap = document.createElement("kbd");
    cap.textContent = element.dataset.key ?? element.dataset.keys;
    term.append(cap);
    meaning.textContent = meaningOf(element);
    return [term, meaning];
  });
  list.replaceChildren(...rows.flat(), ...(view ? [...document.querySelector("#viewer-keys").content.cloneNode(true).children] : []));
  document.querySelector("#help").showModal();
}

function meaningOf(element) {
  const label = element.labels?.[0]?.textContent, told = element.dataset.meaning ?? element.getAttribute("aria-label");
  return (told || (element.matches("input, select") && label) || element.querySelector("b")?.textContent || element.textContent).trim().replace(/\s+/g, " ").slice(0, 90);
}

// ── the viewer: one scan, or two of the same sheet that are moved together
let view = null;

function openViewer() {
  const room = document.querySelector("[data-viewer]"), drawings = [...(room?.querySelectorAll(".drawing") ?? [])];
  view = null;
  if (!drawings.length) { whenLookedAt(); return; }
  view = { room, drawings, scale: 1, x: 0, y: 0, bright: 1, contrast: 1 };
  for (const label of room.querySelectorAll(".label")) {
    const right = label.dataset.x > 60; // a label that begins further right would run out of the page
    label.style[right ? "right" : "left"] = right ? `${Math.max(0, 88 - label.dataset.x)}%` : `${label.dataset.x}%`;
    label.style.top = `${label.dataset.y}%`;
  }
  for (const drawing of drawings) drawing.addEventListener("load", arrived, { once: true });
  if (drawings.length > 1) compare(room.clientWidth > 640 ? "two" : "one");
  arrived();
  room.addEventListener("wheel", onWheel, { passive: false });
  dragging(room);
  lookAhead();
}

// The picture of the next sheet, fetched and decoded while a person looks at this one; kept, or the browser would drop it.
let ahead = null;

function lookAhead() {
  const srcset = document.querySelector("[data-ahead]")?.dataset.ahead;
  if (!srcset) return;
  ahead = new Image();
  ahead.sizes = view.drawings[0].sizes;
  ahead.srcset = srcset;
  ahead.decode().catch(() => { /* the page itself will show what is wrong with it */ });
}

function arrived() {
  if (!view || !view.drawings.every((drawing) => drawing.complete && drawing.naturalWidth)) return;
  fit();
  document.querySelector("main").dataset.shown = "";
  tell("");
}

// A page without a viewer is shown when the small pictures that its decision is about are there.
function whenLookedAt() {
  const main = document.querySelector("main"), pictures = [...main.querySelectorAll("[data-look] img")];
  const look = () => { if (pictures.every((p) => p.complete && p.naturalWidth)) main.dataset.shown = ""; };
  for (const picture of pictures) picture.addEventListener("load", look, { once: true });
  look();
}

function pane() { return view.room.querySelector(".pane:not([hidden])"); }

// How large a picture is by itself; while a finer one of the same drawing is on its way, as the one before.
const sizes = new WeakMap();

function sizeOf(drawing) {
  if (drawing.naturalWidth) sizes.set(drawing, [drawing.naturalWidth, drawing.naturalHeight]);
  return sizes.get(drawing) ?? [0, 0];
}

function fit() {
  if (!view || !sizeOf(view.drawings[0])[0]) return;
  const there = pane(), [w, h] = sizeOf(view.drawings[0]);
  const scale = Math.min(there.clientWidth / w, there.clientHeight / h);
  view.scale = 1;
  view.x = (there.clientWidth - w * scale) / 2; view.y = (there.clientHeight - h * scale) / 2;
  for (const drawing of view.drawings) {
    const paper = drawing.parentElement, width = w * scale, [wide, high] = sizeOf(drawing);
    paper.style.width = `${width}px`; paper.style.height = `${(width * high) / (wide || 1)}px`;
  }
  show();
}

function show() {
  for (const drawing of view.drawings) {
    drawing.parentElement.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    const asItIs = view.bright === 1 && view.contrast === 1; // a filter that changes nothing takes its time as well
    drawing.style.filter = asItIs ? "" : `brightness(${view.bright}) contrast(${view.contrast})`;
    if (view.scale > 1.25 && drawing.dataset.full) { drawing.removeAttribute("srcset"); drawing.src = drawing.dataset.full; delete drawing.dataset.full; }
  }
}

// ── two scans of one sheet: one of them, beside each other, or one over the other up to a slider. Each pane says which it shows.
function compare(how) {
  const { room } = view, [first, other] = room.querySelectorAll(".pane"), slider = room.querySelector("[type=range]");
  room.dataset.compare = how;
  first.hidden = how === "other"; other.hidden = how === "one"; slider.hidden = how !== "swipe";
  other.style.clipPath = how === "swipe" ? `inset(0 0 0 ${slider.value}%)` : "";
  for (const button of document.querySelectorAll("[data-view=two], [data-view=swipe]")) button.setAttribute("aria-pressed", button.dataset.view === how);
  tell([...room.querySelectorAll(".pane:not([hidden]) .which")].map((which) => which.textContent).join(", "), true);
  fit();
}

document.addEventListener("input", (event) => { if (event.target.matches(".viewer [type=range]")) compare("swipe"); });

function zoom(factor, x = pane().clientWidth / 2, y = pane().clientHeight / 2) {
  const scale = Math.min(12, Math.max(0.5, view.scale * factor)), ratio = scale / view.scale;
  view.x = x - (x - view.x) * ratio; view.y = y - (y - view.y) * ratio; view.scale = scale;
  show();
}

function onWheel(event) {
  event.preventDefault();
  zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, ...inPane(event.clientX, event.clientY));
}

function inPane(x, y) {
  const box = view.room.getBoundingClientRect(), there = pane();
  return [(x - box.left) % Math.max(1, there.clientWidth), y - box.top];
}

function dragging(room) {
  const fingers = new Map();
  room.addEventListener("pointerdown", (e) => {
    if (e.target.matches("input")) return;
    fingers.set(e.pointerId, e); room.setPointerCapture(e.pointerId);
  });
  for (const end of ["pointerup", "pointercancel"]) room.addEventListener(end, (e) => fingers.delete(e.pointerId));
  room.addEventListener("pointermove", (e) => {
    const before = fingers.get(e.pointerId);
    if (!before) return;
    if (fingers.size === 2) {
      const other = [...fingers.values()].find((f) => f.pointerId !== e.pointerId);
      const far = (f) => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY);
      zoom(far(e) / Math.max(1, far(before)), ...inPane((e.clientX + other.clientX) / 2, (e.clientY + other.clientY) / 2));
    } else { view.x += e.clientX - before.clientX; view.y += e.clientY - before.clientY; show(); }
    fingers.set(e.pointerId, e);
  });
}

function pan(key) {
  const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[key];
  if (!step || !view) return false;
  view.x += step[0]; view.y += step[1]; show();
  return true;
}

const acts = {
  in: () => zoom(1.3), out: () => zoom(1 / 1.3), fit,
  brighter: () => { view.bright = view.bright >= 1.6 ? 0.7 : view.bright + 0.3; show(); },
  contrast: () => { view.contrast = view.contrast >= 3 ? 1 : view.contrast + 0.5; show(); },
  codes: () => view.room.classList.toggle("plain"),
  original: (button) => beside(button.dataset.src, button.textContent),
  two: () => compare(view.room.dataset.compare === "two" ? "one" : "two"),
  swipe: () => { compare(view.room.dataset.compare === "swipe" ? "one" : "swipe"); view.room.querySelector("[type=range]:not([hidden])")?.focus(); },
  blink: () => compare(view.room.dataset.compare === "one" ? "other" : "one"),
};

function beside(src, alt) {
  const there = view.room.querySelector(".beside");
  if (there) { there.remove(); return; }
  const image = new Image();
  image.className = "beside"; image.src = src; image.alt = alt;
  view.room.append(image);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-view], [data-act]");
  if (button?.dataset.act === "help") showHelp();
  if (button?.dataset.act === "print") print();
  if (button?.dataset.view && view) acts[button.dataset.view](button);
});
addEventListener("resize", () => view && fit());

// ── the list renews itself: what is new goes below, what somebody else decided is marked; nothing moves under a hand
let news = null, renewing = null;

function listen() {
  news?.close(); news = null;
  const place = document.querySelector("#news");
  if (!place) return;
  news = new EventSource("/queue/changes");
  news.onmessage = (event) => {
    const { held, newest, open } = JSON.parse(event.data), known = place.dataset;
    if (held === Number(known.held) && newest === Number(known.newest) && open === (known.open ?? open)) { known.open = open; return; }
    Object.assign(known, { held, newest, open });
    renewing ??= setTimeout(() => { renewing = null; renew(); }, 300);
  };
}

// What a page asks for by itself keeps nobody signed in.
async function fresh(url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true", "X-By-Itself": "1" } }).catch(() => null);
  return answer?.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

async function renew() {
  const place = document.querySelector("#news"), now = place && (await fresh(location.href));
  if (!now || !place.isConnected) return;
  for (const part of document.querySelectorAll("[data-renew]")) {
    const newer = now.getElementById(part.id);
    if (newer) part.textContent = newer.textContent;
  }
  const came = merge("rows", now, true), gone = document.querySelectorAll("#rows > .gone").length;
  merge("groups", now, false);
  const stacks = document.querySelector("#stacks"), newer = stacks && (await fresh(stacks.dataset.from));
  if (newer) { merge("stacks", newer, false); copyAges(newer); }
  if (came || gone) { place.textContent = place.dataset.said; place.hidden = false; }
}

function copyAges(newer) {
  for (const age of newer.querySelectorAll("[hx-swap-oob]")) {
    const place = document.getElementById(age.id);
    if (place) place.textContent = age.textContent;
  }
}

// Rows of a list by their data-row. Those that are there keep their place; answers how many came. Where something stands below
// the list, what came is not appended: it would move what somebody is about to press.
function merge(id, now, append) {
  const list = document.getElementById(id), newer = now.getElementById(id);
  if (!list || !newer) return 0;
  const there = new Map([...list.children].map((row) => [row.dataset.row, row])), still = new Set();
  let came = 0;
  for (const row of [...newer.children]) {
    still.add(row.dataset.row);
    const old = there.get(row.dataset.row);
    if (old) { old.classList.remove("gone"); for (const part of [".n", "time", ".busy"]) copyPart(old, row, part); }
    else if (append) { row.classList.add("new"); list.append(row); htmx.process(row); came += 1; }
  }
  for (const [name, row] of there) if (!still.has(name)) { row.classList.add("gone"); const n = row.querySelector(".n"); if (n) n.textContent = "0"; }
  return came;
}

function copyPart(old, row, part) {
  const there = old.querySelector(part), now = row.querySelector(part);
  if (there) there.textContent = now?.textContent ?? "";
}

// ── notices: how many, beside their link, in room that is kept for the number
const BELL_MS = 20_000;
let told = null;

async function ring() {
  if (document.hidden || !document.querySelector("[data-bell]")) return;
  try {
    const answer = await fetch("/notices/count", { redirect: "manual" });
    if (answer.ok) { told = await answer.json(); showBell(); }
  } catch { /* the connection is away: the next time */ }
}

function showBell() {
  const place = document.querySelector("[data-bell]"), said = document.querySelector("[data-bell-said]");
  if (!place || !told) return;
  place.textContent = told.count > 99 ? "99+" : told.count || "";
  if (said.textContent !== told.said) said.textContent = told.said;
}
setInterval(ring, BELL_MS);
document.addEventListener("visibilitychange", ring);

// data-arrived says to whoever watches (tests do) that the page is another one, and ready for keys; data-shown, that the drawing is there.
// Who reads with a screen reader or goes by Tab begins at the content.
function arrive() {
  const main = document.querySelector("main");
  openViewer(); listen(); showKeys(); told ? showBell() : ring();
  main.dataset.arrived = performance.now();
}
function swapped() {
  arrive();
  if (document.activeElement === document.body) document.querySelector("main").focus({ preventScroll: true });
}
document.addEventListener("htmx:afterSettle", (event) => { if (event.target === document.body || event.detail.boosted) swapped(); });
document.addEventListener("htmx:historyRestore", swapped);
document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", arrive) : arrive();
