// The inbox works without this file. It adds: times that move on, a list that fills by
// itself, keys, and word of a change while a request is open. No library.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- Times ---------------------------------------------------------------------------

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function relative(at, now) {
  const away = Math.abs(at - now);
  if (away < MINUTE) return at > now ? "in less than a minute" : "just now";
  let length = `${Math.round(away / DAY)} days`;
  if (away < 59.5 * MINUTE) length = `${Math.round(away / MINUTE)} min`;
  else if (away < 47.5 * HOUR) length = `${Math.round(away / HOUR)} h`;
  return at > now ? `in ${length}` : `${length} ago`;
}

function showTimes(root = document) {
  const now = Date.now();
  for (const time of all("time[data-moment]", root)) {
    const at = new Date(time.dateTime);
    const text = relative(at.getTime(), now);
    if (time.textContent !== text) time.textContent = text;
    time.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
  }
}

// --- The list ------------------------------------------------------------------------

const list = one("[data-list-url]");
const bareTitle = document.title.replace(/^\(\d+\+?\) /, "");

function announce(text) {
  one("[data-announce]").textContent = text;
}

function showCount(count) {
  const text = count >= 100 ? "100+" : String(count);
  document.title = count ? `(${text}) ${bareTitle}` : bareTitle;
  const badge = one(".badge[data-count]");
  if (badge) {
    badge.textContent = text;
    badge.hidden = !count;
  }
}

const cards = () => all(".card");
const idOf = (card) => card?.dataset.id;

// Returns the page at an address; null when the sign-in page came instead.
async function fetchPage(url) {
  const answer = await fetch(url, { headers: { accept: "text/html" } });
  if (answer.status >= 500) throw new Error(`status ${answer.status}`);
  if (answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function refreshList() {
  const page = await fetchPage(list.dataset.listUrl);
  const fresh = page && one("[data-fresh]", page);
  if (!fresh) {
    location.reload();
    return;
  }
  const before = new Set(cards().map(idOf));
  const chosen = idOf(one(".card.chosen"));
  const focused = idOf(document.activeElement?.closest?.(".card"));
  one("[data-fresh]", list).replaceWith(fresh);
  const arrived = cards().filter((card) => !before.has(idOf(card)));
  for (const card of arrived) card.classList.add("fresh");
  const byId = (id) => id && cards().find((card) => idOf(card) === id);
  byId(chosen)?.classList.add("chosen");
  if (byId(focused)) one("[data-item]", byId(focused)).focus({ preventScroll: true });
  else if (focused) one("#main").focus({ preventScroll: true });
  showCount(Number(fresh.dataset.count));
  showTimes(list);
  if (arrived.length) {
    const message = one(".message", arrived[0]).textContent.trim();
    const many = `${arrived.length} new requests`;
    announce(arrived.length === 1 ? `New request: ${message}` : many);
  }
}

// --- A request that is open -------------------------------------------------------------

const { watch, version } = document.body.dataset;

async function lookForChange() {
  const page = await fetchPage(`/inbox/${watch}`);
  if (page?.body.dataset.version === version) return;
  // What was typed stays: the page is not loaded again.
  const notice = one(page ? "[data-changed]" : "[data-signed-out]");
  if (notice.hidden) {
    notice.hidden = false;
    announce(notice.textContent);
  }
}

// --- Live --------------------------------------------------------------------------------

// Several changes within a moment are one look; a look that fails is tried again.
function soonOnce(work) {
  let timer = null;
  let again = false;
  let busy = false;
  async function run() {
    timer = null;
    busy = true;
    again = false;
    try {
      await work();
    } catch {
      again = false;
      timer = setTimeout(run, 5000);
    }
    busy = false;
    if (again) ask(0);
  }
  function ask(spread) {
    if (busy) again = true;
    else if (timer === null) timer = setTimeout(run, 60 + Math.random() * spread);
  }
  return ask;
}

function listenTo(source, heard) {
  const dot = one("[data-live]");
  const show = (isLive) => {
    dot.hidden = false;
    dot.classList.toggle("lost", !isLive);
    dot.title = isLive ? "Live: new requests appear by themselves" : "Not live at the moment; trying again";
  };
  source.addEventListener("open", () => {
    show(true);
    heard({ ids: [] }, 0);
  });
  source.addEventListener("changed", (event) => {
    const news = JSON.parse(event.data);
    // Without ids every open inbox was told: they must not all ask at once.
    heard(news, news.ids.length ? 0 : 2000);
  });
  source.addEventListener("error", () => {
    show(false);
    // The server said no (signed out, or full): the browser will not try again.
    if (source.readyState === EventSource.CLOSED) {
      heard({ ids: [] }, 1000);
      setTimeout(() => goLive(heard), 10_000);
    }
  });
}

function goLive(heard) {
  listenTo(new EventSource(document.body.dataset.events), heard);
}

function start() {
  const look = soonOnce(list ? refreshList : lookForChange);
  const heard = (news, spread) => {
    if (list || !news.ids.length || news.ids.includes(watch)) look(spread);
  };
  // A browser opens few connections to one server: of all tabs one holds the stream
  // and passes the word on. Without locks (plain http) each tab has its own.
  if (!navigator.locks || !window.BroadcastChannel) {
    goLive(heard);
    return;
  }
  const channel = new BroadcastChannel("mobius-inbox");
  channel.addEventListener("message", (event) => heard(event.data, 0));
  navigator.locks.request("mobius-inbox-stream", () => {
    goLive((news, spread) => {
      heard(news, spread);
      channel.postMessage(news);
    });
    return new Promise(() => {});
  });
}

// --- Keys --------------------------------------------------------------------------------

const help = one("[data-keys]");

function choose(step) {
  const rows = cards();
  if (!rows.length) return false;
  const at = rows.findIndex((card) => card.classList.contains("chosen"));
  const to = Math.min(Math.max(at + step, 0), rows.length - 1);
  for (const card of rows) card.classList.toggle("chosen", card === rows[to]);
  one("[data-item]", rows[to]).focus();
  return true;
}

function chooseOption(number) {
  const option = one(`[data-number="${number}"]`);
  if (!option) return false;
  option.focus();
  option.checked = option.type === "radio" || !option.checked;
  return true;
}

function press(key) {
  if (key === "j") return choose(1);
  if (key === "k") return choose(-1);
  if (key === "?") {
    help.showModal();
    return true;
  }
  if (/^[1-9]$/.test(key)) return chooseOption(key);
  const target = one(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  if (target.tagName === "A") target.click();
  else target.focus();
  return true;
}

function isTyping(element) {
  if (element.tagName === "INPUT") return !["radio", "checkbox"].includes(element.type);
  return ["TEXTAREA", "SELECT"].includes(element.tagName);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const many = event.target.closest('[data-answer="multi_select"]');
  if (event.key === "Enter" && event.target.type === "checkbox" && many) {
    event.preventDefault();
    many.requestSubmit();
  } else if (press(event.key)) {
    event.preventDefault();
  }
});

document.addEventListener("focusin", (event) => {
  const card = event.target.closest(".card");
  if (card) for (const each of cards()) each.classList.toggle("chosen", each === card);
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.getAttribute("aria-busy")) event.preventDefault();
  else event.target.setAttribute("aria-busy", "true");
  // Who signed in again in another window has a new token; the old one is refused.
  const token = /(?:^|; )csrftoken=(\w+)/.exec(document.cookie)?.[1];
  if (token) event.target.elements.csrfmiddlewaretoken.value = token;
});
window.addEventListener("pageshow", () => {
  for (const form of all("form[aria-busy]")) form.removeAttribute("aria-busy");
});

for (const button of all("[data-open-keys]")) {
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
}

// --- Begin -------------------------------------------------------------------------------

showTimes();
setInterval(showTimes, 20_000);
(one("[data-problems]") ?? one("[data-focus]"))?.focus();
if (document.body.dataset.events && (list || watch)) start();
