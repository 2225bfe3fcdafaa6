// SPDX-License-Identifier: Apache-2.0
// The page of a station: takes scans and figures, shows verdicts at once, with a tone, and keeps
// the focus where the next scan or figure belongs. Needs bench-tones.js and bench-pad.js.
//
// <div data-bench            the root; its data-* are
//   data-scans="URL"         POST one scan  {scan_id, text, source, device_time, reason?}
//   data-entries="URL"       POST one figure {entry_id, name, value}
//   data-events="URL"        server-sent events: "outcome" (id: its sequence), "changed", "devices", "alive"
//   data-poll="URL"          GET URL?after=SEQUENCE -> {outcomes: [...], devices?: [...]}
//   data-last="41"           sequence of the last outcome that this page already shows
//   data-zone="Africa/Tripoli"  the laboratory's clock
//   data-person="T-07"       whose scans are stored here while the server does not answer
//   data-words='{...}'>      words of this page, keys below in WORDS
//
// An outcome, as answered by POST and sent as event:
//   {sequence, scan_id?, verdict: "accepted"|"refused"|"stop"|"unknown", say, do?, next?, subject?,
//    position?, at?, title?}   title, say, do, next: text, or {en: text, ar: text}
// A refusal answered with 4xx: {error, say, do?}. Devices: [{icon, words, state}].
//
// After every outcome this page is fetched again and each [data-live][id] in it is replaced, unless
// the focus is inside: pictures and lists need no script of their own.
// A scan that the server does not answer is shown as "stored, not checked", kept in this browser
// under its scan_id, and sent again in order; the same scan_id has one effect for ever. Scans stored
// for one person are never sent while another is signed in.
"use strict";

(() => {
  const root = document.querySelector("[data-bench]");
  if (!root) return;

  const language = document.documentElement.lang;
  const WORDS = {
    accepted: "Accepted", refused: "Refused", stop: "Stop", unknown: "Not certain",
    stored: "Stored, not checked", stored_say: "The server does not answer. This scan is safe here and is checked as soon as it answers.",
    secret_away: "The server does not answer. A PIN is never stored: type it again when the server answers.",
    sending: "Being checked", away: "Server does not answer", answers: "Server answers",
    others: "Scans of another person are stored here and wait until that person signs in.",
    ...JSON.parse(root.dataset.words || "{}"),
  };
  const token = document.querySelector("meta[name=csrf-token]")?.content || "";
  const verdictPlace = root.querySelector("[data-verdict]") || root;
  const box = () => root.querySelector("#scan");
  const inWords = (said) => (said && typeof said === "object" ? said[language] || said.en || "" : said || "");
  let shown = Number(root.dataset.last || 0);

  const { play } = window.BenchTones, pad = window.BenchPad;

  // ---- the verdict ----
  const LOOKS = {
    accepted: ["ok", "check", "status"], refused: ["bad", "stop", "alert"], stop: ["stop", "stop", "alert"],
    unknown: ["warn", "ask", "alert"], stored: ["kept", "kept", "status"],
  };
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const drawing = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "i");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `/static/icons.svg#${name}`);
    svg.append(use);
    return svg;
  };
  const threes = (text) => {
    const code = make("bdi", "code");
    code.dir = "ltr";
    for (const part of text.match(/.{1,3}/g) || []) code.append(make("i", "", part));
    return code;
  };
  const clock = (instant) => new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: root.dataset.zone || undefined,
  }).format(instant);

  const show = (outcome, { quiet = false } = {}) => {
    // A late acceptance must not look or sound like one of the tube in hand.
    const verdict = outcome.late && outcome.verdict === "accepted" ? "stored" : outcome.verdict;
    const kind = LOOKS[verdict] ? verdict : "unknown";
    const [look, shape, role] = LOOKS[kind];
    const section = make("section", `verdict ${look}`);
    section.setAttribute("role", role);
    section.dataset.kind = kind;
    const words = make("div");
    words.append(make("h2", "", inWords(outcome.title) || WORDS[kind]));
    const line = make("p");
    if (outcome.subject) line.append(threes(outcome.subject), " · ");
    line.append(inWords(outcome.say), " ");
    const time = make("time", "", clock(outcome.at ? new Date(outcome.at) : new Date()));
    time.dir = "ltr";
    line.append("· ", time);
    words.append(line);
    const todo = inWords(outcome.do) || inWords(outcome.next);
    if (todo) words.append(make("p", "todo", todo));
    section.append(drawing(shape), words);
    verdictPlace.replaceChildren(section);
    if (!quiet) play(kind);
  };

  const take = (outcome, { always = false } = {}) => {
    const sequence = Number(outcome.sequence || 0);
    if (sequence && sequence <= shown && !always) return; // The answer came by both roads.
    shown = Math.max(shown, sequence);
    show(outcome);
    refresh();
  };

  // ---- live parts ----
  let fetching = false, again = false;
  const refresh = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) location.reload();
      if (!answer.ok) return;
      let gone = false; // The page has taken another shape: somebody else took the bench.
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      // Scans that wait here belong to whoever works here.
      if (fresh.querySelector("[data-bench]")?.dataset.person !== root.dataset.person) gone = true;
      document.querySelectorAll("[data-live][id]").forEach((old) => {
        const now = fresh.getElementById(old.id);
        if (!now) gone = true;
        const busy = old.contains(document.activeElement) && pad.typing();
        if (!now || busy || document.querySelector("dialog[open]")) return;
        const copy = document.importNode(now, true);
        old.replaceWith(copy);
        copy.dispatchEvent(new CustomEvent("osteon:replaced", { bubbles: true }));
      });
      if (gone && !pad.typing() && !document.querySelector("dialog[open]")) location.reload();
      hold();
    } catch {
      away(true);
    } finally {
      fetching = false;
      if (again) { again = false; refresh(); }
    }
  };

  // ---- sending, and keeping what could not be sent ----
  const shelf = `osteon.stored.${location.pathname}.`;
  const mine = shelf + (root.dataset.person || "");
  const stored = (name = mine) => JSON.parse(localStorage.getItem(name) || "[]");
  const keep = (items) => {
    if (items.length) localStorage.setItem(mine, JSON.stringify(items));
    else localStorage.removeItem(mine);
  };
  const strangers = Object.keys(localStorage).some((name) => name.startsWith(shelf) && name !== mine);

  class Away extends Error {}
  const post = async (url, body) => {
    let answer;
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 8000);
    try {
      answer = await fetch(url, {
        method: "POST", body: JSON.stringify(body), signal: stop.signal, credentials: "same-origin",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      });
    } catch {
      throw new Away();
    } finally {
      clearTimeout(timer);
    }
    if (answer.status >= 500 || answer.status === 429) throw new Away();
    const said = await answer.json().catch(() => ({}));
    away(false);
    return answer.ok ? said : { verdict: "refused", ...said };
  };

  const fresh = () => crypto.randomUUID?.() ||
    [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

  const shelve = (url, body, secret) => { // A PIN is kept nowhere.
    if (!secret) keep([...stored(), { url, body }]);
    show(secret ? { verdict: "refused", say: WORDS.secret_away }
      : { verdict: "stored", subject: body.text, say: WORDS.stored_say });
  };
  let busy = Promise.resolve();
  const send = (url, body, { secret = false } = {}) => {
    busy = busy.then(async () => {
      if (stored().length) { shelve(url, body, secret); return; } // Nothing overtakes what waits.
      try {
        take(await post(url, body));
      } catch (error) {
        if (!(error instanceof Away)) throw error;
        away(true);
        shelve(url, body, secret);
      }
    });
    return busy;
  };

  const flush = () => {
    busy = busy.then(async () => {
      while (stored().length) {
        const [first, ...rest] = stored();
        try {
          const outcome = await post(first.url, first.body);
          keep(rest);
          // Shown even if the stream told it before: "stored" must not stay on the screen.
          take(outcome, { always: true });
          // What was refused must be seen before the next verdict covers it.
          if (outcome.verdict !== "accepted") await new Promise((go) => setTimeout(go, 2500));
        } catch (error) {
          if (!(error instanceof Away)) throw error;
          return;
        }
      }
    });
  };
  setInterval(flush, 3000);

  document.addEventListener("osteon:scan", (event) => {
    event.preventDefault();
    const { text, source, symbology } = event.detail, input = box();
    // At intake bags bear numbers of others: what is no code of ours is searched for, in a form of
    // its own on the sealed side, and is never sent to the bench.
    const search = root.querySelector("form[data-foreign]");
    if (search && !/^[0-9a-z]{9,11}$/i.test(text.replace(/[\s-]/g, ""))) {
      if (input) input.value = "";
      search.elements.search.value = text;
      search.requestSubmit();
      return;
    }
    const form = input?.form, reasons = form?.querySelector("[data-reason]");
    if (source === "typed" && reasons) {
      const reason = reasons.querySelector("select,input");
      if (reasons.hidden || !reason.value) {
        reasons.hidden = false;
        reason.focus();
        return;
      }
    }
    const body = { scan_id: fresh(), text, source, device_time: new Date().toISOString() };
    if (symbology) body.symbology = symbology;
    if (source === "typed" && reasons) {
      const reason = reasons.querySelector("select,input");
      body.reason = reason.value;
      reason.value = "";
      reasons.hidden = true;
    }
    if (input) input.value = "";
    send(root.dataset.scans, body);
    hold();
  });

  // Something was read that is no scan: told as loudly as a refusal, and nothing is done.
  const SAID = JSON.parse(document.body.dataset.scanWords || "{}");
  document.addEventListener("osteon:fault", (event) => {
    event.preventDefault();
    show({ verdict: "unknown", title: SAID.title, say: SAID[event.detail.kind], do: SAID.again });
    hold();
  });

  // ---- figures ----
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-entry]") || !root.dataset.entries) return;
    event.preventDefault();
    const chosen = event.submitter?.name === "value" ? event.submitter.value : new FormData(form).get("value");
    const value = String(chosen || "").trim().replace(",", ".");
    if (!value) return;
    const secret = "secret" in form.dataset;
    if (secret) form.reset();
    send(root.dataset.entries, { entry_id: fresh(), name: form.dataset.entry, value }, { secret });
    document.activeElement?.blur();
    hold();
  });

  // ---- devices; silence is never shown as ready ----
  const server = () => root.ownerDocument.querySelector("[data-devices] [data-server]");
  let silent = null;
  function away(is) {
    if (is === silent) return;
    silent = is;
    const place = document.querySelector("[data-devices]");
    if (!place) return;
    place.hidden = false;
    let device = server();
    if (!device) {
      device = make("span", "device");
      device.dataset.server = "";
      place.append(device);
    }
    device.className = is ? "device fault" : "device";
    device.replaceChildren(drawing("server"), make("span", "", is ? WORDS.away : WORDS.answers));
  }
  const devices = (list) => {
    const place = document.querySelector("[data-devices]");
    if (!place || !list) return;
    const own = server();
    place.replaceChildren(...list.map(({ icon, words, state }) => {
      const device = make("span", `device ${{ fault: "fault", waits: "warn" }[state] || ""}`);
      device.append(drawing(icon), make("span", "", inWords(words)));
      return device;
    }), ...(own ? [own] : []));
    place.hidden = !place.children.length;
  };

  // ---- listening ----
  let heard = performance.now(), source = null, polling = 0;
  const listen = () => {
    if (!root.dataset.events || !window.EventSource) { poll(); return; }
    source?.close();
    const address = new URL(root.dataset.events, location.href);
    address.searchParams.set("after", shown);
    source = new EventSource(address);
    const alive = () => { heard = performance.now(); away(false); stopPolling(); };
    source.addEventListener("open", () => { alive(); flush(); });
    source.addEventListener("alive", alive);
    source.addEventListener("outcome", (event) => { alive(); take(JSON.parse(event.data)); });
    source.addEventListener("devices", (event) => { alive(); devices(JSON.parse(event.data).devices); });
    // Something of the station changed that is no outcome: a label printed, a bench taken.
    source.addEventListener("changed", () => { alive(); refresh(); });
    // EventSource tries again by itself, except after an answer that is no stream.
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
      poll();
    });
  };
  const stopPolling = () => { clearInterval(polling); polling = 0; };
  const ask = async () => {
    try {
      const answer = await fetch(`${root.dataset.poll}?after=${shown}`, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Away();
      const { outcomes = [], devices: list } = await answer.json();
      heard = performance.now();
      away(false);
      devices(list);
      outcomes.forEach(take);
    } catch {
      away(true);
    }
  };
  const poll = () => {
    if (polling || !root.dataset.poll) return;
    polling = setInterval(ask, 2000);
    ask();
  };
  // A line that is open and silent is dead: the server says "alive" every 15 s.
  setInterval(() => {
    if (performance.now() - heard > 40000 && source) { away(true); heard = performance.now(); listen(); poll(); }
  }, 5000);

  // ---- focus: never lost, never stolen from somebody who is filling something in ----
  let waited = "";
  function hold() {
    const now = document.activeElement, asked = pad.field(root), input = asked || box();
    if (!input || document.querySelector("dialog[open]")) return;
    const fresh = asked && pad.name(asked) !== waited && now === box() && !now.value;
    waited = asked ? pad.name(asked) : "";
    if (!now || now === document.body || now.id === "main" || fresh) input.focus({ preventScroll: true });
  }
  document.addEventListener("focusout", () => setTimeout(hold, 50));
  document.addEventListener("click", () => setTimeout(hold, 50));
  document.addEventListener("visibilitychange", hold);
  addEventListener("focus", hold);
  setInterval(hold, 1000);

  if (strangers) window.Osteon?.say(WORDS.others);
  hold();
  flush();
  listen();
})();
