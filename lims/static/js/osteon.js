// SPDX-License-Identifier: Apache-2.0
// What every page can do: copy a code, open and close dialogs, walk a grid with the arrow keys,
// send a form once. No inline script anywhere (strict CSP).
"use strict";

(() => {
  const say = (text) => {
    const box = document.getElementById("said");
    if (!box || !text) return;
    box.textContent = text;
    box.hidden = false;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { box.hidden = true; }, 4000);
  };

  const copy = async (button) => {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Plain http on a laboratory network has no clipboard: select, so that Ctrl+C works.
      const shown = button.parentElement.querySelector(".code");
      getSelection().selectAllChildren(shown || button);
      return;
    }
    say(document.body.dataset.copied);
  };

  document.addEventListener("click", (event) => {
    const hit = (name) => event.target.closest(`[data-${name}]`);
    const copied = hit("copy"), open = hit("open"), close = hit("close");
    if (copied) copy(copied);
    if (open) {
      const dialog = document.getElementById(open.dataset.open);
      dialog.showModal();
      dialog.querySelector("textarea,select,input:not([type=hidden])")?.focus();
    }
    if (close) close.closest("dialog")?.close();
    if (hit("back")) history.back();
    if (hit("print")) window.print();
    if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
  });

  if (history.length > 1) document.querySelectorAll("[data-back]").forEach((b) => { b.hidden = false; });

  // A second press of the same button must not send the same form twice. The request key would
  // stop it at the server as well; this spares the person the doubt.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => {
      delete form.dataset.sent;
      event.submitter?.removeAttribute("aria-busy");
    }, 8000);
  });
  // Back from the next page: the browser may show this one from memory, as it was when sent.
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
    document.querySelectorAll("[aria-busy=true]").forEach((b) => b.removeAttribute("aria-busy"));
  });

  // One tab stop a grid; arrows move. A plate is left to right in every language, so arrows need
  // no mirroring. Positions that cannot be chosen are passed over.
  const wells = (grid) => [...grid.rows].map((row) =>
    [...row.cells].map((cell) => cell.querySelector("a.well,button.well")));

  const prepare = (grid) => {
    const all = wells(grid).flat().filter(Boolean);
    const first = all.find((w) => w.tabIndex === 0 && w.dataset.stop) || all[0];
    all.forEach((w) => { w.tabIndex = w === first ? 0 : -1; });
  };

  const grids = (root) => root.querySelectorAll(".grid").forEach(prepare);
  grids(document);
  document.addEventListener("osteon:replaced", (event) => grids(event.target));

  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const well = event.target.closest?.(".grid a.well,.grid button.well");
    if (!step || !well || event.altKey || event.ctrlKey || event.metaKey) return;
    const map = wells(well.closest(".grid"));
    let row = map.findIndex((line) => line.includes(well));
    let column = map[row].indexOf(well);
    do {
      row += step[0];
      column += step[1];
    } while (map[row] && column >= 0 && column < map[row].length && !map[row][column]);
    const next = map[row]?.[column];
    event.preventDefault();
    if (!next) return;
    well.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  // What stands in a position is read out in the line under the map: wells are too small for words
  // on a phone.
  const tell = (event) => {
    const well = event.target.closest?.(".map .well");
    const line = well?.closest(".map").querySelector("[data-told]");
    if (line) line.textContent = well.getAttribute("aria-label");
  };
  document.addEventListener("focusin", tell);
  document.addEventListener("pointerover", tell);

  // Filters of a run: light only the wells of one kind, show only its findings.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-only]");
    if (!button) return;
    const on = button.getAttribute("aria-pressed") !== "true";
    document.querySelectorAll("button[data-only]").forEach((b) =>
      b.setAttribute("aria-pressed", String(on && b === button)));
    const kinds = button.dataset.only.split(" ");
    document.querySelectorAll(".grid").forEach((grid) => {
      grid.toggleAttribute("data-only", on);
      grid.querySelectorAll(".well").forEach((well) =>
        well.classList.toggle("lit", on && kinds.some((kind) => well.classList.contains(kind))));
    });
    document.querySelectorAll(".findings>li[data-kind]").forEach((item) => {
      item.hidden = on && !kinds.includes(item.dataset.kind) && !kinds.includes("found-ok");
    });
  });

  // "Choose all" of a list: <input type=checkbox data-all="NAME">.
  document.addEventListener("change", (event) => {
    const all = event.target.closest?.("[data-all]");
    if (!all) return;
    document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(all.dataset.all)}"]:not(:disabled)`)
      .forEach((box) => { box.checked = all.checked; });
  });

  window.Osteon = { say };
})();
