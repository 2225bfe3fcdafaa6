// SPDX-License-Identifier: Apache-2.0
// The editor of a label layout: what is written is drawn by the server, as the printer would print
// it, half a second after the last key. Without this script the page shows the saved version.
// <form data-layout data-preview=URL data-away=WORDS> with [data-picture], [data-size],
// [data-picture-size], [data-bad], [data-faults], [data-good]. A fault that names a line leads there.
"use strict";

(() => {
  const form = document.querySelector("form[data-layout]");
  if (!form) return;
  const text = form.elements.text, find = (name) => form.querySelector(`[data-${name}]`);
  const picture = find("picture"), size = find("size"), faults = find("faults"), good = find("good");
  let waiting = 0, asked = 0;

  const shownFault = (fault) => {
    const item = document.createElement("li"), words = document.createElement("p");
    item.className = "note bad";
    words.textContent = fault.words;
    if (fault.where) {
      const where = document.createElement("small");
      where.textContent = ` (${fault.where})`;
      words.append(where);
    }
    const line = /line (\d+)/.exec(fault.words);
    if (line) {
      const go = document.createElement("button");
      go.type = "button";
      go.className = "btn tiny";
      go.textContent = line[1];
      go.addEventListener("click", () => select(Number(line[1])));
      words.append(" ", go);
    }
    item.append(words);
    return item;
  };

  const select = (line) => {
    const lines = text.value.split("\n");
    const begin = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    text.focus();
    text.setSelectionRange(begin, begin + (lines[line - 1] || "").length);
  };

  const show = (said) => {
    picture.hidden = !said.picture;
    if (said.picture) picture.src = said.picture;
    size.textContent = said.size;
    find("picture-size").hidden = !said.size;
    find("bad").hidden = !said.outline;
    faults.replaceChildren(...said.faults.map(shownFault));
    good.hidden = said.faults.length > 0;
  };

  const draw = async () => {
    const mine = ++asked;
    const sent = { text: text.value, dpi: Number(form.elements.dpi.value), values: form.elements.values.value };
    for (const name of ["kind", "line1", "line2"]) sent[name] = form.elements[name].value;
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        headers: {
          "Content-Type": "application/json", Accept: "application/json",
          "X-CSRFToken": form.elements.csrf_token?.value || "",
        },
        body: JSON.stringify(sent),
      });
      const said = await answer.json();
      if (mine !== asked) return;
      if (answer.ok) show(said);
      else {
        const told = said.say || {}, language = document.documentElement.lang;
        show({ picture: "", size: "", faults: [{ words: told[language] || told.en || String(answer.status), where: "" }] });
      }
    } catch {
      if (mine === asked) show({ picture: "", size: "", faults: [{ words: form.dataset.away, where: "" }] });
    }
  };

  // Fetched, not sent: a form that was sent takes nothing else for a while.
  form.querySelector("[data-plain]").addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await fetch(event.currentTarget.formAction, {
      method: "POST", body: new FormData(form), headers: { Accept: "application/json" },
    }).catch(() => null);
    // What is wrong with the label is shown beside the picture already.
    if (!answer || !answer.ok) { draw(); return; }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "label.pdf";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  });

  form.addEventListener("input", (event) => {
    if (event.target.name === "reason") return;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 500);
  });
})();
