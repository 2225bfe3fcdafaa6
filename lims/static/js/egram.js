// SPDX-License-Identifier: Apache-2.0
/* The electropherogram viewer: one canvas, a lane a dye, left to right in every language.
   Markup: the macro `egram` of templates/shared/macros.html; [data-egram] with
     data-source="URL" of an injection, data-second="URL" of another injection of the same thing,
     data-follow (shows the dye of the locus being read), data-height, data-words.
   A page can lead it: element.egram.fit("TH01"); it tells "egram" (bubbling) when its state changes.

   An injection is fetched as JSON:
   {
     "dyes": [{                      lanes from top to bottom
        "number": 1,                 as peaks, markers name it
        "name": "6-FAM",
        "colour": "blue",            blue green yellow black red purple orange
        "size_standard": true,       at most one; it is drawn low, its peaks are named by size.
                                     Absent everywhere: the last dye is it when it has no marker
        "start": 0,                  scan number of points[0]; left out = 0
        "points": [0, 3, ...],       RFU, whole, one a scan, analysed (baseline and spectral overlap taken out)
        "raw": [812, ...]            optional: as the analyzer measured it, same scans
     }],
     "bp": [[1800, 62.31], ...],     scan -> size, both growing; straight between pairs and beyond the
                                     ends. Give a pair every 20 scans and the ends. [] = not sized:
                                     only scans are shown
     "markers": [{"name": "TH01", "dye": 3, "low": 178.6, "high": 222.4}],        bp
     "bins": [{"marker": "TH01", "allele": "9.3", "low": 203.6, "high": 204.4}],  bp
     "peaks": [{"dye": 3, "scan": 4012, "bp": 204.01, "height": 1830, "marker": "TH01",
                "allele": "9.3", "kind": "allele"}],
                kind: allele (called, drawn filled), off-ladder, stutter, pull-up, artefact, not-called,
                size (allele = its nominal size). marker "" outside of all; bp null where not sized
     "limits": {"at": 250, "st": 400, "saturation": 9000},   RFU, or {"at": {"1": 175, ...}, ...} by dye
     "off_scale": [3120, 3121, 3122] scans at which the camera was saturated
   }
   Nothing is drawn when the answer is not this: a fault is shown instead. */
"use strict";

(() => {
const COLOURS = { blue: 1, green: 2, yellow: 3, black: 3, red: 4, purple: 5, orange: 6 };

/* An injection as the viewer draws it: lanes 0.., a value a scan, sizes by scan. */
function signal(injection) {
  const dyes = injection.dyes, lane = new Map(dyes.map((dye, d) => [dye.number, d]));
  const n = Math.max(...dyes.map((dye) => (dye.start || 0) + dye.points.length));
  const spread = (points, start) => {
    const all = new Float32Array(n);
    all.set(points, start || 0);
    return all;
  };
  const table = injection.bp.length >= 2 ? injection.bp : [[0, 0], [n - 1, n - 1]];
  const between = (x, from, to) => {
    let low = 0, high = table.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (table[middle][from] <= x) low = middle;
      else high = middle;
    }
    const a = table[low], b = table[high];
    return a[to] + ((x - a[from]) / (b[from] - a[from])) * (b[to] - a[to]);
  };
  const bp = new Float32Array(n);
  for (let scan = 0; scan < n; scan++) bp[scan] = between(scan, 0, 1);

  const cut = [];
  for (const scan of [...injection.off_scale].sort((a, b) => a - b)) {
    const last = cut.at(-1);
    if (last && scan - last[1] <= 2) last[1] = scan;
    else cut.push([scan, scan]);
  }
  const analysed = dyes.map((dye) => spread(dye.points, dye.start));
  const off = cut.map(([from, to]) => {
    let own = 0, most = -Infinity;
    analysed.forEach((trace, d) => {
      for (let scan = from; scan <= to; scan++) if (trace[scan] > most) { most = trace[scan]; own = d; }
    });
    return [from, to, own];
  });
  const peaks = injection.peaks.map((p) => ({
    d: lane.get(p.dye), s: p.scan, bp: p.bp ?? between(p.scan, 0, 1), h: p.height, kind: p.kind,
    allele: p.allele || "", locus: p.marker || "",
    off: off.some(([from, to, own]) => own === lane.get(p.dye) && p.scan >= from - 3 && p.scan <= to + 3),
  })).sort((a, b) => a.d - b.d || a.s - b.s);
  return {
    n, bp, peaks, off, ana: analysed,
    // Not sized: there is no axis of sizes, so what there is stands over the scans.
    raw: dyes.every((dye) => dye.raw) ? dyes.map((dye) => spread(dye.raw, dye.start)) : injection.bp.length < 2 ? analysed : null,
    scanOf: (size) => between(size, 1, 0), bpOf: (scan) => between(scan, 0, 1),
    scansPerBase: (table.at(-1)[0] - table[0][0]) / (table.at(-1)[1] - table[0][1]),
  };
}

/* What is the same for both injections: lanes, markers with their bins, limits, the whole range. */
function frame(injection) {
  const { dyes, markers, bins, limits } = injection;
  const lane = new Map(dyes.map((dye, d) => [dye.number, d]));
  let size = dyes.findIndex((dye) => dye.size_standard);
  if (size < 0 && !markers.some((marker) => marker.dye === dyes.at(-1).number)) size = dyes.length - 1;
  const kit = markers.map((marker) => ({
    n: marker.name, d: lane.get(marker.dye), lo: marker.low, hi: marker.high,
    bins: bins.filter((bin) => bin.marker === marker.name).map((bin) => [bin.allele, bin.low, bin.high]),
  })).sort((a, b) => a.d - b.d || a.lo - b.lo);
  const sizes = injection.peaks.filter((peak) => peak.bp != null).map((peak) => peak.bp);
  const low = Math.min(...kit.map((marker) => marker.lo), ...sizes), high = Math.max(...kit.map((marker) => marker.hi), ...sizes);
  const limit = (which, d) => (typeof which === "object" ? which[dyes[d].number] : which);
  return {
    size, kit, sized: injection.bp.length >= 2,
    dyes: dyes.map((dye) => dye.name), colours: dyes.map((dye, d) => COLOURS[dye.colour] || (d % 6) + 1),
    full: Number.isFinite(low) ? [low - 8, high + 6] : [0, 500],
    at: (d) => limit(limits.at, d), st: (d) => limit(limits.st, d),
  };
}

class Egram {
  constructor(root, o) {
    this.root = root;
    this.o = o;
    this.kit = o.kit;
    this.size = o.size;
    this.A = o.a;
    this.B = o.b || null;
    this.t = o.t || {};
    this.font = getComputedStyle(document.body).fontFamily;
    this.cv = root.querySelector("canvas");
    this.cv.dir = "ltr";
    this.cx = this.cv.getContext("2d", { alpha: false });
    this.say = root.querySelector("[data-say]");
    this.read = root.querySelector("[data-read]");
    this.raw = false;
    this.over = !!o.over;
    this.bins = true;
    this.thr = true;
    this.solo = -1;
    this.gain = 1;
    this.sel = null;
    this.locus = null;
    this.print = false;
    this.full = o.full;
    this.v = [...this.full];
    this.to = [...this.full];
    this.ym = o.dyes.map(() => 1000);
    this.calm = matchMedia("(prefers-reduced-motion:reduce)").matches;
    this.colours();
    this.events();
    this.resize();
    new ResizeObserver(() => this.resize()).observe(this.cv.parentElement);
    matchMedia("(prefers-color-scheme:dark)").addEventListener("change", () => {
      this.colours();
      this.paint();
    });
    const p = (on) => {
      if (this.print === on) return;
      this.print = on;
      this.colours();
      this.resize(true);
    };
    matchMedia("print").addEventListener("change", (e) => p(e.matches));
    addEventListener("beforeprint", () => p(true));
    addEventListener("afterprint", () => p(false));
    document.fonts && document.fonts.ready.then(() => this.paint());
  }
  colours() {
    const s = document.createElement("span");
    this.root.append(s);
    const get = (v) => {
      s.style.color = `var(${v})`;
      return getComputedStyle(s).color;
    };
    this.c = {};
    for (const k of ["card", "sunk", "ink", "mute", "line", "edge", "brand", "bad", "bad-bg", "warn"])
      this.c[k] = get("--" + k);
    this.dye = this.o.colours.map((i) => get("--d" + i));
    s.remove();
    if (this.print) {
      this.c = {
        card: "#fff",
        sunk: "#fff",
        ink: "#000",
        mute: "#222",
        line: "#bbb",
        edge: "#555",
        brand: "#000",
        bad: "#000",
        "bad-bg": "#fff",
        warn: "#000",
      };
      this.dye = this.o.dyes.map(() => "#000");
    }
    const h = document.createElement("canvas");
    h.width = h.height = 8;
    const g = h.getContext("2d");
    g.strokeStyle = this.c.bad;
    g.lineWidth = 1.2;
    g.beginPath();
    g.moveTo(-2, 10);
    g.lineTo(10, -2);
    g.moveTo(-2, 2);
    g.lineTo(2, -2);
    g.moveTo(6, 10);
    g.lineTo(10, 6);
    g.stroke();
    this.hatch = this.cx.createPattern(h, "repeat");
    this.dash = [
      [11, 7],
      [5, 2],
    ].map(([w, on]) => {
      const q = document.createElement("canvas");
      q.width = w;
      q.height = 1;
      const z = q.getContext("2d");
      z.fillStyle = this.c.mute;
      z.fillRect(0, 0, on, 1);
      return this.cx.createPattern(q, "repeat");
    });
  }
  lanes() {
    const all = this.o.dyes.map((_, d) => d);
    if (this.solo < 0 || this.print) return all;
    return this.solo === this.size || this.size < 0 ? [this.solo] : [this.solo, this.size];
  }
  resize(now) {
    this.wc = new Map();
    const box = this.cv.parentElement,
      W = this.print ? 1040 : Math.max(200, box.clientWidth),
      L = this.lanes(),
      tight = W < 620;
    this.W = W;
    this.gut = tight ? 36 : 52;
    this.right = tight ? 6 : 12;
    this.headH = 20;
    this.labH = tight ? 28 : 38;
    const one = this.o.height ? this.o.height - 60 : 0;
    const big =
      L.length <= 2
        ? one && tight
          ? 130
          : one || (tight ? 230 : 330)
        : this.print
          ? 112
          : tight
            ? 74
            : 84;
    let y = 2;
    this.geo = L.map((d) => {
      const size = d === this.size,
        p = size ? 46 : big,
        head = size ? 12 : this.headH,
        lab = size ? 15 : this.labH,
        g = { d, y, head, top: y + head, base: y + head + p, end: y + head + p + lab };
      y = g.end + 6;
      return g;
    });
    this.axisY = y;
    this.navY = y + (tight ? 26 : 30);
    this.navH = 26;
    this.H = this.navY + this.navH + 2;
    const dpr = this.print ? 3 : Math.min(devicePixelRatio || 1, 2);
    this.dpr = dpr;
    this.cv.width = Math.round(W * dpr);
    this.cv.height = Math.round(this.H * dpr);
    this.cv.style.blockSize = this.print ? "auto" : this.H + "px";
    this.cv.style.inlineSize = "100%";
    this.skyline();
    now ? this.paint() : this.draw();
  }
  /* coordinates: analysed = bp, raw = scan */
  ext() {
    return this.raw ? [0, this.A.n - 1] : this.full;
  }
  px(x) {
    return this.gut + ((x - this.v[0]) / (this.v[1] - this.v[0])) * (this.W - this.gut - this.right);
  }
  at(px) {
    return this.v[0] + ((px - this.gut) / (this.W - this.gut - this.right)) * (this.v[1] - this.v[0]);
  }
  pos(p) {
    return this.raw ? p.s : p.bp;
  }
  aim(a, b, jump) {
    const [e0, e1] = this.ext(),
      min = this.raw ? 80 : 6;
    let w = Math.min(e1 - e0, Math.max(min, b - a));
    const m = (a + b) / 2;
    a = m - w / 2;
    if (a < e0) a = e0;
    if (a + w > e1) a = e1 - w;
    this.to = [a, a + w];
    if (jump || this.calm) this.v = [...this.to];
    this.draw();
  }
  zoom(f, at = (this.to[0] + this.to[1]) / 2) {
    const [a, b] = this.to;
    this.aim(at - (at - a) * f, at + (b - at) * f);
  }
  pan(f) {
    const w = this.to[1] - this.to[0];
    this.aim(this.to[0] + f * w, this.to[1] + f * w);
  }
  all() {
    this.locus = null;
    this.solo = -1;
    this.gain = 1;
    this.resize();
    this.aim(...this.ext());
    this.mark();
  }
  fit(name, quiet) {
    const L = this.kit.find((l) => l.n === name);
    if (!L) return;
    this.locus = name;
    if (this.o.follow && this.solo !== L.d) {
      this.solo = L.d;
      this.resize();
    }
    const pad = (L.hi - L.lo) * 0.06 + 1.5;
    let a = L.lo - pad,
      b = L.hi + pad;
    if (this.raw) {
      a = this.A.scanOf(a);
      b = this.A.scanOf(b);
    }
    this.gain = 1;
    this.aim(a, b);
    this.mark();
    if (!quiet && this.say) this.say.textContent = this.describe(name);
  }
  step(k) {
    const i = this.kit.findIndex((l) => l.n === this.locus),
      n = this.kit.length;
    this.fit(this.kit[((i < 0 ? (k > 0 ? -1 : 0) : i) + k + n) % n].n);
  }
  describe(n) {
    const p = this.A.peaks.filter((p) => p.locus === n && p.kind === "allele");
    return (
      n +
      ": " +
      (p
        .map((p) => `${p.allele}, ${p.bp.toFixed(1)} bp, ${p.h} RFU${p.off ? ", " + this.t.off : ""}`)
        .join("; ") || this.t.none)
    );
  }
  lane(d) {
    this.solo = this.solo === d ? -1 : d;
    this.resize();
    this.mark();
  }
  set(k, v) {
    if (k === "raw" && v && !this.A.raw) return;
    if (k === "over" && !this.B) return;
    if (k === "raw" && this.raw !== v) {
      const f = v ? (x) => this.A.scanOf(x) : (x) => this.A.bpOf(x);
      const n = [f(this.to[0]), f(this.to[1])];
      const wasAll = this.to[1] - this.to[0] > (this.ext()[1] - this.ext()[0]) * 0.97;
      this.raw = v;
      this.skyline();
      wasAll ? this.aim(...this.ext(), true) : this.aim(...n, true);
    } else this[k] = v;
    this.draw();
    this.mark();
  }
  mark() {
    this.root.dispatchEvent(new CustomEvent("egram", { bubbles: true }));
  }
  draw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      const moving = this.ease();
      this.paint();
      if (moving) this.draw();
    });
  }
  ease() {
    let go = false;
    for (const i of [0, 1]) {
      const d = this.to[i] - this.v[i];
      if (Math.abs(d) > (this.v[1] - this.v[0]) * 4e-4) {
        this.v[i] += d * (this.drag ? 1 : 0.34);
        go = true;
      } else this.v[i] = this.to[i];
    }
    for (const g of this.geo || []) {
      const w = this.want(g.d),
        d = w - this.ym[g.d];
      if (Math.abs(d) > w * 0.01 && !this.calm) {
        this.ym[g.d] += d * 0.3;
        go = true;
      } else this.ym[g.d] = w;
    }
    return go;
  }
  range() {
    const s = this.A,
      n = s.n;
    let a, b;
    if (this.raw) {
      a = this.v[0];
      b = this.v[1];
    } else {
      a = s.scanOf(this.v[0]);
      b = s.scanOf(this.v[1]);
    }
    return [Math.max(0, Math.floor(a) - 1), Math.min(n - 1, Math.ceil(b) + 1)];
  }
  want(d) {
    const [i0, i1] = this.range(),
      src = this.raw ? "raw" : "ana";
    let m = 0;
    for (const s of this.over && this.B && (!this.raw || this.B.raw) ? [this.A, this.B] : [this.A]) {
      const a = s[src][d];
      for (let i = i0; i <= i1; i++) if (a[i] > m) m = a[i];
    }
    const floor = this.raw ? 400 : 600;
    m = Math.max(m * 1.12, floor) / this.gain;
    const p = 10 ** Math.floor(Math.log10(m));
    for (const k of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]) if (k * p >= m) return k * p;
    return m;
  }
  skyline() {
    if (!this.navH) return;
    const W = this.W - this.gut - this.right,
      c = document.createElement("canvas");
    c.width = Math.max(1, W * this.dpr);
    c.height = this.navH * this.dpr;
    const g = c.getContext("2d");
    g.scale(this.dpr, this.dpr);
    const [e0, e1] = this.ext(),
      src = this.raw ? "raw" : "ana";
    g.strokeStyle = this.c.edge;
    g.lineWidth = 1;
    g.beginPath();
    const col = new Float32Array(Math.ceil(W) + 1);
    for (let d = 0; d < this.o.dyes.length; d++) {
      if (d === this.size) continue;
      const a = this.A[src][d];
      for (let i = 0; i < this.A.n; i++) {
        const x = this.raw ? i : this.A.bp[i];
        if (x < e0 || x > e1) continue;
        const k = (((x - e0) / (e1 - e0)) * W) | 0;
        if (a[i] > col[k]) col[k] = a[i];
      }
    }
    let m = 1;
    for (const v of col) if (v > m) m = v;
    for (let k = 0; k < col.length; k++) {
      const h = Math.sqrt(col[k] / m) * (this.navH - 4);
      g.moveTo(k + 0.5, this.navH - 1);
      g.lineTo(k + 0.5, this.navH - 1 - h);
    }
    g.globalAlpha = 0.65;
    g.stroke();
    this.sky = c;
  }
  trace(s, d, g, style, dash, width) {
    const cx = this.cx,
      a = (this.raw ? s.raw : s.ana)[d],
      [i0, i1] = this.range(),
      k = (g.base - g.top) / this.ym[d],
      bp = s.bp,
      raw = this.raw,
      v0 = this.v[0],
      sc = (this.W - this.gut - this.right) / (this.v[1] - v0),
      x0 = this.gut;
    /* One column per device pixel at most; flat baseline collapses to one segment: rasterising, not scripting, is the cost. */
    const f = this.dpr >= 1.5 ? 2 : 1,
      top = g.top - 3,
      eps = this.print ? 0.2 : 0.5;
    let col = -1e9,
      lo = 0,
      hi = 0,
      yl = 0,
      xl = 0,
      ex = 0,
      ey = 1e9,
      held = false,
      started = false;
    const put = (x, y) => {
      if (!started) {
        cx.moveTo(x, y);
        started = true;
      } else cx.lineTo(x, y);
      ex = x;
      ey = y;
      held = false;
    };
    const flush = () => {
      if (col === -1e9) return;
      if (hi - lo < eps && Math.abs(yl - ey) < eps && started) {
        held = true;
        return;
      }
      if (held && hx < xl) put(hx, hy);
      if (hi - lo < eps) put(xl, yl);
      else {
        put(xl, lo);
        put(xl, hi);
        if (Math.abs(yl - hi) > eps) put(xl, yl);
      }
    };
    let hx = 0,
      hy = 0;
    cx.beginPath();
    for (let i = i0; i <= i1; i++) {
      const x = x0 + ((raw ? i : bp[i]) - v0) * sc,
        c = (x * f) | 0;
      let y = g.base - a[i] * k;
      if (y < top) y = top;
      if (c === col) {
        if (y < lo) lo = y;
        if (y > hi) hi = y;
        yl = y;
      } else {
        flush();
        if (held) {
          hx = xl;
          hy = yl;
        }
        col = c;
        lo = hi = yl = y;
        xl = x;
      }
    }
    flush();
    if (held) put(xl, yl);
    cx.strokeStyle = style;
    cx.lineWidth = width;
    cx.setLineDash(dash);
    cx.lineJoin = "bevel";
    cx.stroke();
    cx.setLineDash([]);
  }
  text(s, x, y, { size = 11, weight = 500, align = "center", colour, mono = false, rtl = false } = {}) {
    const c = this.cx;
    c.font = `${weight} ${size}px ${mono ? '"JetBrains Mono",monospace' : this.font}`;
    c.textAlign = align;
    c.direction = rtl ? "rtl" : "ltr";
    c.fillStyle = colour || this.c.ink;
    c.fillText(s, x, y);
  }
  wide(s, size, weight) {
    const key = s + size + weight;
    let w = this.wc.get(key);
    if (w === undefined) {
      this.cx.font = `${weight} ${size}px ${this.font}`;
      w = this.cx.measureText(s).width;
      this.wc.set(key, w);
    }
    return w;
  }
  paint() {
    const c = this.cx,
      C = this.c,
      W = this.W,
      R = W - this.right,
      tight = W < 620;
    if (!this.geo) return;
    if (this.print) {
      for (const g of this.geo) this.ym[g.d] = this.want(g.d);
      this.v = [...this.to];
    }
    c.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
    c.fillStyle = C.card;
    c.fillRect(0, 0, W, this.H);
    c.textBaseline = "alphabetic";
    const span = this.v[1] - this.v[0],
      ppb = ((R - this.gut) / span) * (this.raw ? this.A.scansPerBase : 1);
    const steps = this.raw ? [10, 20, 50, 100, 200, 500, 1000, 2000] : [1, 2, 5, 10, 20, 50, 100],
      st = steps.find((s) => (s / span) * (R - this.gut) >= (tight ? 44 : 64)) || steps.at(-1),
      ticks = [];
    for (let x = Math.ceil(this.v[0] / st) * st; x <= this.v[1]; x += st) ticks.push(x);
    for (const g of this.geo) {
      const d = g.d,
        ph = g.base - g.top,
        Y = (v) => g.base - (v * ph) / this.ym[d];
      c.save();
      c.beginPath();
      c.rect(this.gut, g.y, R - this.gut, g.end - g.y + 4);
      c.clip();
      c.fillStyle = C.sunk;
      c.fillRect(this.gut, g.top, R - this.gut, ph);
      c.strokeStyle = C.line;
      c.lineWidth = 1;
      c.globalAlpha = 0.7;
      c.beginPath();
      for (const x of ticks) {
        const p = Math.round(this.px(x)) + 0.5;
        c.moveTo(p, g.top);
        c.lineTo(p, g.base);
      }
      c.stroke();
      c.globalAlpha = 1;
      if (d !== this.size)
        for (const L of this.kit) {
          if (L.d !== d) continue;
          let a = L.lo,
            b = L.hi;
          if (this.raw) {
            a = this.A.scanOf(a);
            b = this.A.scanOf(b);
          }
          let x0 = Math.max(this.px(a), this.gut - 2),
            x1 = Math.min(this.px(b), R + 2);
          if (L.hi - L.lo < 12) {
            const m = (this.px(a) + this.px(b)) / 2,
              h = this.wide(L.n, tight ? 9.5 : 11, 650) / 2 + 4;
            if (ppb > 2.2 && m - h > this.gut && m + h < R) {
              x0 = Math.min(x0, m - h);
              x1 = Math.max(x1, m + h);
            }
          }
          if (x1 < this.gut || x0 > R) continue;
          const on = L.n === this.locus;
          c.fillStyle = on ? this.dye[d] : C.card;
          c.strokeStyle = on ? this.dye[d] : C.edge;
          c.lineWidth = 1;
          c.beginPath();
          c.roundRect(x0 + 1, g.y + 1, Math.max(1, x1 - x0 - 2), this.headH - 5, 3);
          c.fill();
          c.stroke();
          const fs = tight ? 9.5 : 11,
            tw = this.wide(L.n, fs, 650);
          if (x1 - x0 > tw + 5 || ppb > 2.2)
            this.text(
              L.n,
              Math.min(Math.max((x0 + x1) / 2, x0 + tw / 2 + 3), x1 - tw / 2 - 3),
              g.y + this.headH - 9,
              { size: fs, weight: 650, colour: on ? C.card : C.ink },
            );
          if (this.bins && !this.raw) {
            let lastBin = -1e9;
            c.fillStyle = C.edge;
            for (const [n, low, high] of L.bins) {
              const bx = this.px((low + high) / 2),
                bw = Math.max(1, this.px(high) - this.px(low));
              if (bx < this.gut - bw || bx > R + bw) continue;
              c.globalAlpha = ppb > 3 ? 0.16 : 0.1;
              c.fillRect(bx - bw / 2, g.top, bw, ph);
              c.globalAlpha = 1;
              if (ppb > 6 && ph > 60 && bx - lastBin > this.wide(n, 9, 500) + 5) {
                lastBin = bx;
                this.text(n, bx, g.top + 10, { size: 9, weight: 500, colour: C.mute });
                c.fillStyle = C.edge;
              }
            }
          }
        }
      for (const [s0, s1, od] of this.A.off) {
        const a = this.raw ? s0 : this.A.bpOf(s0),
          b = this.raw ? s1 : this.A.bpOf(s1),
          x = this.px(a) - 1.5,
          w = Math.max(4, this.px(b) - this.px(a) + 3);
        if (x > R || x + w < this.gut) continue;
        c.fillStyle = this.hatch;
        c.globalAlpha = d === od ? 0.9 : 0.4;
        c.fillRect(x, g.top, w, ph);
        c.globalAlpha = 1;
      }
      if (this.thr && d !== this.size && !this.raw) {
        const y1 = Y(this.o.at(d)),
          y2 = Y(this.o.st(d));
        c.lineWidth = 1;
        c.strokeStyle = C.mute;
        for (const [y, p] of [
          [y1, this.dash[0]],
          [y2, this.dash[1]],
        ]) {
          if (y < g.top) continue;
          c.fillStyle = p;
          c.fillRect(this.gut, Math.round(y), R - this.gut, 1);
        }
      }
      /* called alleles are filled, artefacts are not: the difference does not rest on colour */
      if (!this.raw && d !== this.size) {
        const a = this.A.ana[d],
          sc = ph / this.ym[d];
        c.fillStyle = this.dye[d];
        c.globalAlpha = this.print ? 0.3 : 0.24;
        c.beginPath();
        for (const p of this.A.peaks) {
          if (p.d !== d || p.kind !== "allele") continue;
          if (p.bp < this.v[0] - 2 || p.bp > this.v[1] + 2) continue;
          const w = 14,
            i0 = Math.max(0, (p.s - w) | 0),
            i1 = Math.min(this.A.n - 1, (p.s + w) | 0);
          c.moveTo(this.px(this.A.bp[i0]), g.base);
          for (let i = i0; i <= i1; i++)
            c.lineTo(this.px(this.A.bp[i]), Math.max(g.top - 3, g.base - a[i] * sc));
          c.lineTo(this.px(this.A.bp[i1]), g.base);
        }
        c.fill();
        c.globalAlpha = 1;
      }
      this.trace(this.A, d, g, this.dye[d], [], this.print ? 1.1 : 1.35);
      if (this.over && this.B && (!this.raw || this.B.raw)) this.trace(this.B, d, g, C.ink, [5, 3], this.print ? 1 : 1.1);
      if (this.thr && d !== this.size && !this.raw) {
        const yA = Y(this.o.at(d)),
          yS = Y(this.o.st(d));
        if (yA - yS > 11 && yS > g.top + 8) {
          for (const [y, n] of [
            [yA, "AT " + (this.o.at(d))],
            [yS, "ST " + (this.o.st(d))],
          ]) {
            const w = this.wide(n, 9.5, 600) + 8;
            c.fillStyle = C.card;
            c.fillRect(R - w - 2, y - 6, w, 12);
            this.text(n, R - w / 2 - 2, y + 3.5, { size: 9.5, weight: 600, colour: C.mute });
          }
        }
      }
      c.strokeStyle = C.edge;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(this.gut, g.base + 0.5);
      c.lineTo(R, g.base + 0.5);
      c.stroke();
      this.labels(g, Y, R, ppb);
      c.restore();
      if (!tight || d !== this.size) {
        const m = this.ym[d],
          f = (v) => v.toLocaleString("en-GB");
        c.strokeStyle = C.edge;
        for (const v of d === this.size ? [] : [m, m / 2]) {
          this.text(f(Math.round(v)), this.gut - 6, Y(v) + (v === m ? 8 : 3.5), {
            size: tight ? 9 : 10.5,
            align: "right",
            colour: C.mute,
          });
        }
      }
      const nm = this.o.dyes[d];
      this.text(nm, 4, g.y + 11, { size: tight ? 9 : 11, weight: 700, align: "left", colour: this.dye[d] });
    }
    for (const x of ticks) {
      const p = this.px(x);
      if (p < this.gut - 1 || p > R + 1) continue;
      c.strokeStyle = C.edge;
      c.beginPath();
      c.moveTo(Math.round(p) + 0.5, this.axisY - 4);
      c.lineTo(Math.round(p) + 0.5, this.axisY);
      c.stroke();
      this.text(String(Math.round(x)), Math.min(p, R - 10), this.axisY + 12, {
        size: tight ? 10 : 11.5,
        colour: C.ink,
      });
    }
    this.text(this.raw ? this.t.scan : "bp", 4, this.axisY + 12, {
      size: tight ? 9.5 : 11,
      weight: 650,
      align: "left",
      colour: C.mute,
      rtl: false,
    });
    if (this.navH && this.sky) {
      const w = R - this.gut,
        [e0, e1] = this.ext(),
        a = this.gut + ((this.v[0] - e0) / (e1 - e0)) * w,
        b = this.gut + ((this.v[1] - e0) / (e1 - e0)) * w;
      c.fillStyle = C.sunk;
      c.fillRect(this.gut, this.navY, w, this.navH);
      c.drawImage(this.sky, this.gut, this.navY, w, this.navH);
      c.fillStyle = C.card;
      c.globalAlpha = 0.6;
      c.fillRect(this.gut, this.navY, a - this.gut, this.navH);
      c.fillRect(b, this.navY, R - b, this.navH);
      c.globalAlpha = 1;
      c.strokeStyle = C.brand;
      c.lineWidth = 2;
      c.strokeRect(a + 1, this.navY + 1, Math.max(4, b - a - 2), this.navH - 2);
    }
  }
  labels(g, Y, R, ppb) {
    const c = this.cx,
      C = this.c,
      d = g.d,
      tight = this.W < 620;
    const P = this.A.peaks.filter(
      (p) => p.d === d && ((x) => x > this.gut - 20 && x < R + 20)(this.px(this.pos(p))),
    );
    if (d === this.size) {
      let last = -1e9;
      for (const p of P) {
        const x = this.px(this.pos(p));
        if (x - last < (tight ? 22 : 26)) continue;
        last = x;
        this.text(p.allele, x, g.base + 12, { size: tight ? 9 : 10.5, colour: C.mute });
      }
      return;
    }
    const shown = P.filter((p) => p.kind === "allele" || p.kind === "off-ladder");
    let roomy = g.end - g.base >= 28 && !this.raw;
    let l = -1e9;
    for (const p of shown) {
      const x = this.px(this.pos(p));
      if (x - l < 46) roomy = false;
      l = x;
    }
    const rows = [-1e9, -1e9];
    for (const p of shown) {
      const x = this.px(this.pos(p)),
        s = p.allele || (p.kind === "off-ladder" ? "OL" : "?"),
        fs = tight ? 10.5 : 12.5,
        w = Math.max(this.wide(s, fs, 700) + 8, 18);
      let r = 0;
      if (x - w / 2 < rows[0]) r = x - w / 2 < rows[1] ? -1 : 1;
      const y0 = g.base + 3,
        bh = tight ? 13 : 16;
      if (r < 0) {
        c.fillStyle = C.ink;
        c.fillRect(x - 0.5, g.base + 1, 1, 4);
        continue;
      }
      rows[r] = x + w / 2 + 1;
      const y = y0 + r * (bh + 1);
      if (r === 1) {
        c.strokeStyle = C.edge;
        c.beginPath();
        c.moveTo(x, g.base + 1);
        c.lineTo(x, y);
        c.stroke();
      }
      const sel = this.sel === p;
      c.fillStyle = sel ? this.dye[d] : C.card;
      c.strokeStyle = p.kind === "off-ladder" ? C.bad : this.dye[d];
      c.lineWidth = p.off || p.kind === "off-ladder" ? 1.8 : 1;
      if (p.kind === "off-ladder" || p.low) c.setLineDash([3, 2]);
      c.beginPath();
      c.roundRect(x - w / 2, y, w, bh, p.kind === "off-ladder" ? 0 : 3);
      c.fill();
      c.stroke();
      c.setLineDash([]);
      this.text(s, x, y + bh - 4, { size: fs, weight: 700, colour: sel ? C.card : C.ink });
      if (roomy && r === 0) {
        this.text(p.bp.toFixed(1), x, y + bh + (tight ? 8.5 : 10), {
          size: tight ? 8.5 : 10,
          colour: C.mute,
        });
        if (!tight) this.text(p.h.toLocaleString("en-GB"), x, y + bh + 20, { size: 10, colour: C.ink });
      }
    }
    for (const p of P) {
      const x = this.px(this.pos(p)),
        y = Math.max(g.top + (p.off ? 16 : 12), Y(p.h) - 5);
      if (p.off) {
        c.fillStyle = C.bad;
        c.beginPath();
        c.moveTo(x, g.top + 1);
        c.lineTo(x - 6, g.top + 11);
        c.lineTo(x + 6, g.top + 11);
        c.fill();
        if (ppb > 2.2 || !tight) {
          const s = this.t.off,
            w = this.wide(s, 10, 650) + 6;
          c.fillStyle = C.card;
          c.globalAlpha = 0.92;
          const rx = x + 9 + w > R ? x - 9 - w : x + 9;
          c.fillRect(rx, g.top + 1, w, 13);
          c.globalAlpha = 1;
          this.text(s, rx + w / 2, g.top + 11, {
            size: 10,
            weight: 650,
            colour: C.bad,
            rtl: document.dir === "rtl",
          });
        }
      } else if (
        ppb > 9 &&
        p.kind !== "allele" && p.kind !== "off-ladder" &&
        !this.raw &&
        !P.some((q) => q.kind === "allele" && Math.abs(q.bp - p.bp) < 2.2)
      )
        this.text(this.t[p.kind] || p.kind, x, y, {
          size: 10,
          weight: 500,
          colour: C.mute,
          rtl: document.dir === "rtl",
        });
    }
  }
  near(x, y) {
    const g = this.geo.find((g) => y >= g.y && y <= g.end);
    if (!g) return null;
    let best = null,
      bd = 14;
    for (const p of this.A.peaks) {
      if (p.d !== g.d) continue;
      const k = Math.abs(this.px(this.pos(p)) - x);
      if (k < bd) {
        bd = k;
        best = p;
      }
    }
    return best;
  }
  pick(p) {
    this.sel = p;
    this.draw();
    if (this.read)
      this.read.textContent = p
        ? [
            p.locus && p.d !== this.size ? p.locus : this.o.dyes[p.d],
            p.allele || this.t[p.kind] || p.kind,
            p.bp.toFixed(2) + " bp",
            p.h.toLocaleString("en-GB") + " RFU" + (p.off ? " · " + this.t.off : ""),
          ].join("  ·  ")
        : "";
  }
  events() {
    const cv = this.cv,
      el = this.root.querySelector("[data-plot]") || cv.parentElement,
      pts = new Map();
    let pd = 0,
      moved = 0,
      nav = false;
    const xy = (e) => {
      const r = cv.getBoundingClientRect();
      return [e.clientX - r.left, e.clientY - r.top];
    };
    cv.addEventListener(
      "wheel",
      (e) => {
        const [x] = xy(e),
          all = this.to[1] - this.to[0] >= (this.ext()[1] - this.ext()[0]) * 0.999;
        if (e.altKey) {
          e.preventDefault();
          this.gain = Math.min(40, Math.max(0.5, this.gain * Math.exp(-e.deltaY * 0.002)));
          return this.draw();
        }
        if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
          e.preventDefault();
          return this.pan((e.deltaX || e.deltaY) / this.W);
        }
        if (all && e.deltaY > 0) return;
        e.preventDefault();
        this.zoom(Math.exp(Math.max(-120, Math.min(120, e.deltaY)) * 0.0026), this.at(x));
      },
      { passive: false },
    );
    cv.addEventListener("pointerdown", (e) => {
      cv.setPointerCapture(e.pointerId);
      const p = xy(e);
      pts.set(e.pointerId, p);
      moved = 0;
      nav = this.navH && p[1] >= this.navY;
      this.drag = pts.size === 1;
      if (pts.size === 2) {
        const [a, b] = [...pts.values()];
        pd = Math.hypot(a[0] - b[0], a[1] - b[1]);
      }
      if (nav) this.navTo(p[0]);
    });
    cv.addEventListener("pointermove", (e) => {
      const p = xy(e);
      if (!pts.has(e.pointerId)) {
        if (e.pointerType === "mouse") {
          const n = this.near(...p);
          if (n !== this.sel) this.pick(n);
          cv.style.cursor = this.hit(p) ? "pointer" : "grab";
        }
        return;
      }
      const o = pts.get(e.pointerId);
      pts.set(e.pointerId, p);
      moved += Math.abs(p[0] - o[0]) + Math.abs(p[1] - o[1]);
      if (pts.size === 2) {
        const [a, b] = [...pts.values()],
          d = Math.hypot(a[0] - b[0], a[1] - b[1]),
          m = (a[0] + b[0]) / 2;
        this.drag = true;
        if (d > 10 && pd > 10) this.zoom(pd / d, this.at(m));
        pd = d;
        const w = this.to[1] - this.to[0],
          dx = ((p[0] - o[0]) / 2 / (this.W - this.gut - this.right)) * w;
        this.aim(this.to[0] - dx, this.to[1] - dx);
      } else if (nav) this.navTo(p[0]);
      else {
        const w = this.to[1] - this.to[0],
          dx = ((p[0] - o[0]) / (this.W - this.gut - this.right)) * w;
        this.aim(this.to[0] - dx, this.to[1] - dx);
      }
    });
    const up = (e) => {
      if (!pts.has(e.pointerId)) return;
      const p = xy(e);
      pts.delete(e.pointerId);
      this.drag = false;
      if (moved < 6 && !nav && e.type === "pointerup") {
        const h = this.hit(p);
        h && h.locus
          ? this.fit(h.locus)
          : h && h.dye !== undefined
            ? this.lane(h.dye)
            : this.pick(this.near(...p));
      }
    };
    cv.addEventListener("pointerup", up);
    cv.addEventListener("pointercancel", up);
    cv.addEventListener("dblclick", (e) => {
      const h = this.hit(xy(e));
      if (!h) this.all();
    });
    el.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.metaKey) return;
      const k = e.key,
        go =
          {
            ArrowLeft: () => (e.shiftKey ? this.step(-1) : this.pan(-0.15)),
            ArrowRight: () => (e.shiftKey ? this.step(1) : this.pan(0.15)),
            ArrowUp: () => {
              this.gain = Math.min(40, this.gain * 1.25);
              this.draw();
            },
            ArrowDown: () => {
              this.gain = Math.max(0.5, this.gain / 1.25);
              this.draw();
            },
            "+": () => this.zoom(0.7),
            "=": () => this.zoom(0.7),
            "-": () => this.zoom(1.43),
            0: () => this.all(),
            Home: () => this.all(),
          }[k] ||
          {
            KeyR: () => this.set("raw", !this.raw),
            KeyO: () => this.set("over", !this.over),
            KeyT: () => this.set("thr", !this.thr),
            KeyB: () => this.set("bins", !this.bins),
          }[e.code] ||
          (/^[1-6]$/.test(k) && +k <= this.o.dyes.length ? () => this.lane(+k - 1) : null);
      if (go) {
        e.preventDefault();
        go();
      }
    });
  }
  hit([x, y]) {
    const g = this.geo.find((g) => y >= g.y && y <= g.top);
    if (!g || (g.d === this.size && x > this.gut)) return null;
    if (x < this.gut) return { dye: g.d };
    for (const L of this.kit) {
      if (L.d !== g.d) continue;
      const f = (b) => this.px(this.raw ? this.A.scanOf(b) : b);
      if (x >= f(L.lo) && x <= f(L.hi)) return { locus: L.n };
    }
    return null;
  }
  navTo(x) {
    const [e0, e1] = this.ext(),
      m = e0 + ((x - this.gut) / (this.W - this.gut - this.right)) * (e1 - e0),
      w = this.to[1] - this.to[0];
    this.aim(m - w / 2, m + w / 2);
  }
}

/* The page around a viewer: fetch, buttons, loci, table. */
async function open(root) {
  const words = JSON.parse(root.dataset.words), say = root.querySelector("[data-say]");
  const read = root.querySelector("[data-read]");
  const fetched = async (url) => {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  };
  read.textContent = words.loading;
  let first, second, options;
  try {
    const [one, two] = await Promise.all([
      fetched(root.dataset.source), root.dataset.second ? fetched(root.dataset.second) : null,
    ]);
    first = signal(one);
    second = two && signal(two);
    options = frame(one);
  } catch (error) {
    root.querySelector("[data-plot]").hidden = true;
    read.className = "error";
    read.setAttribute("role", "alert");
    read.textContent = `${words.failed} (${error.message})`;
    return;
  }
  read.textContent = "";
  const viewer = new Egram(root, {
    ...options, a: first, b: second, t: words, follow: "follow" in root.dataset,
    height: Number(root.dataset.height || 0),
  });
  root.egram = viewer;
  root.querySelectorAll("[data-has=raw]").forEach((part) => { part.hidden = !first.raw; });
  root.querySelectorAll("[data-has=second]").forEach((part) => { part.hidden = !second; });
  if (!options.sized) {
    viewer.set("raw", true);
    root.querySelectorAll("[data-set=analysed]").forEach((button) => { button.disabled = true; });
  }

  const list = root.querySelector("[data-loci]"), chips = [];
  options.dyes.forEach((name, d) => {
    const loci = options.kit.filter((marker) => marker.d === d);
    if (!loci.length) return;
    const item = document.createElement("li"), title = document.createElement("b"), row = document.createElement("div");
    title.className = `d${options.colours[d]}`;
    title.textContent = name;
    for (const marker of loci) {
      const chip = document.createElement("button"), alleles = document.createElement("small");
      chip.type = "button";
      chip.dataset.locus = marker.n;
      alleles.textContent = first.peaks.filter((p) => p.locus === marker.n && p.kind === "allele").map((p) => p.allele).join(",") || "–";
      chip.append(marker.n, alleles);
      row.append(chip);
      chips.push(chip);
    }
    item.append(title, row);
    list.append(item);
  });

  const body = root.querySelector("[data-peaks]");
  for (const p of first.peaks) {
    if (p.d === options.size) continue;
    const row = body.insertRow(), head = document.createElement("th");
    head.scope = "row";
    head.dir = "ltr";
    head.textContent = p.locus || options.dyes[p.d];
    row.append(head);
    const remark = p.off ? words.off : p.kind === "allele" ? "" : words[p.kind] || p.kind;
    for (const [text, figure] of [[p.allele || "–", false], [p.bp.toFixed(2), true], [p.h.toLocaleString("en-GB"), true], [remark, false]]) {
      const cell = row.insertCell();
      cell.textContent = text;
      if (figure) cell.className = "n";
    }
  }

  const sync = () => {
    chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chip.dataset.locus === viewer.locus)));
    root.querySelectorAll("[data-set]").forEach((b) => b.setAttribute("aria-pressed", String(viewer.raw === (b.dataset.set === "raw"))));
    root.querySelectorAll("[data-flip]").forEach((b) => b.setAttribute("aria-pressed", String(Boolean(viewer[b.dataset.flip]))));
    if (viewer.solo !== sync.solo) {
      if (sync.solo !== undefined) say.textContent = viewer.solo < 0 ? words.all : words.alone.replace("{dye}", options.dyes[viewer.solo]);
      sync.solo = viewer.solo;
    }
  };
  root.addEventListener("egram", sync);
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.locus) viewer.fit(button.dataset.locus);
    if (button.dataset.set) viewer.set("raw", button.dataset.set === "raw");
    if (button.dataset.flip) viewer.set(button.dataset.flip, !viewer[button.dataset.flip]);
    ({ prev: () => viewer.step(-1), next: () => viewer.step(1), in: () => viewer.zoom(0.6), out: () => viewer.zoom(1.66), all: () => viewer.all() })[button.dataset.do]?.();
  });
  // A reading form beside it: the row that has the focus leads the viewer.
  if ("follow" in root.dataset) {
    document.querySelectorAll("[data-row]").forEach((row) =>
      row.addEventListener("focusin", () => { if (viewer.locus !== row.dataset.row) viewer.fit(row.dataset.row, true); }));
    const now = document.activeElement?.closest("[data-row]");
    if (now || options.kit.length) viewer.fit(now ? now.dataset.row : options.kit[0].n, true);
  }
  sync();
  root.dispatchEvent(new CustomEvent("egram:ready", { bubbles: true }));
}

document.querySelectorAll("[data-egram]").forEach(open);
})();
