"use strict";
// Pages are complete without this script. Texts are set as text, never as markup.

// Lets readers point at what a chart shows: by pointer, by touch, by arrow keys; and hide series by its legend.
for (const chart of document.querySelectorAll(".chart")) {
  const svg = chart.querySelector("svg");
  const points = JSON.parse(chart.dataset.points);
  const hidden = new Set();
  const tip = document.createElement("output");
  tip.className = "tip";
  const spot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  spot.setAttribute("class", "spot gone");
  spot.setAttribute("r", "6");
  svg.append(spot);
  chart.append(tip);
  let current = -1;

  const shown = () => points.map((_, i) => i).filter((i) => !hidden.has(points[i][0]));

  function show(i) {
    current = i;
    spot.classList.toggle("gone", i < 0);
    tip.textContent = i < 0 ? "" : points[i][3];
    if (i < 0) return;
    const [, x, y] = points[i];
    const box = svg.viewBox.baseVal;
    spot.setAttribute("cx", x);
    spot.setAttribute("cy", y);
    const left = (x / box.width) * svg.clientWidth;
    tip.style.left = `${Math.max(0, Math.min(left - tip.offsetWidth / 2, svg.clientWidth - tip.offsetWidth))}px`;
    const above = (y / box.height) * svg.clientHeight - tip.offsetHeight - 12;
    tip.style.top = `${above < 0 ? above + tip.offsetHeight + 24 : above}px`;
  }

  function nearest(event) {
    const frame = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / frame.width;
    const [x, y] = [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale];
    let [best, least] = [-1, 40 * scale];
    for (const i of shown()) {
      const distance = Math.hypot(points[i][1] - x, points[i][2] - y);
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  // Left and right stay in the series; up and down go to the point of another series that lies closest across.
  function step(key) {
    const all = shown();
    if (!all.length) return -1;
    if (current < 0 || key === "Home") return all[0];
    if (key === "End") return all[all.length - 1];
    const at = all.indexOf(current);
    if (key === "ArrowRight") return all[Math.min(at + 1, all.length - 1)];
    if (key === "ArrowLeft") return all[Math.max(at - 1, 0)];
    const series = [...new Set(all.map((i) => points[i][0]))];
    const next = series[series.indexOf(points[current][0]) + (key === "ArrowDown" ? 1 : -1)];
    if (next === undefined) return current;
    const gap = (i) => Math.abs(points[i][1] - points[current][1]);
    return all.filter((i) => points[i][0] === next).reduce((a, b) => (gap(b) < gap(a) ? b : a));
  }

  if (points.length) {
    chart.tabIndex = 0;
    chart.setAttribute("role", "group");
    chart.setAttribute("aria-label", chart.dataset.help);
    chart.addEventListener("pointermove", (event) => show(nearest(event)));
    chart.addEventListener("pointerdown", (event) => show(nearest(event)));
    chart.addEventListener("pointerleave", () => show(-1));
    chart.addEventListener("blur", () => show(-1));
    chart.addEventListener("keydown", (event) => {
      if (event.key === "Escape") show(-1);
      if (!/^(Arrow|Home$|End$)/.test(event.key)) return;
      event.preventDefault();
      show(step(event.key));
    });
  }

  for (const entry of chart.parentElement.querySelectorAll(".legend li")) {
    const number = Number(entry.dataset.series);
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    button.append(...entry.childNodes);
    entry.append(button);
    button.addEventListener("click", () => {
      const goes = !hidden.has(number);
      if (goes) hidden.add(number);
      else hidden.delete(number);
      button.setAttribute("aria-pressed", String(!goes));
      for (const part of svg.querySelectorAll(`.series-${number}`)) part.classList.toggle("gone", goes);
      show(-1);
    });
  }
}

// A box of the flow that is pointed at or focused lights up its lines and the boxes at their other ends.
for (const graph of document.querySelectorAll(".graph")) {
  const light = (event) => {
    const box = event.target.closest(".box");
    for (const part of document.querySelectorAll(".lit")) part.classList.remove("lit");
    if (!box) return;
    for (const line of graph.querySelectorAll(".line")) {
      const ends = line.dataset.ends.split(" ");
      if (!ends.includes(box.id)) continue;
      line.classList.add("lit");
      line.parentElement.append(line);
      for (const end of ends) document.getElementById(end).classList.add("lit");
    }
  };
  for (const what of ["pointerover", "pointerleave", "focusin"]) graph.addEventListener(what, light);
}

// What a link leads to is unfolded, and its box in the drawing is marked.
function arrive() {
  const target = document.getElementById(location.hash.slice(1));
  for (let fold = target?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target?.scrollIntoView();
  for (const box of document.querySelectorAll(".box.here")) box.classList.remove("here");
  for (const link of document.querySelectorAll(".box:not(.outside) a")) {
    if (link.getAttribute("href") === location.hash) link.closest(".box").classList.add("here");
  }
}
addEventListener("hashchange", arrive);
arrive();
