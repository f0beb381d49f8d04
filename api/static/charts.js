// Charts: what stands behind a column is told beside the title, by pointer, touch or arrow keys.

for (const figure of document.querySelectorAll(".chart")) {
  const svg = figure.querySelector(".plot > svg");
  const readout = figure.querySelector(".readout");
  const days = [...svg.querySelectorAll(".days rect")];
  const told = days.map((day) => {
    const title = day.querySelector("title");
    title.remove(); // or the browser shows it too
    return title.textContent;
  });
  let at = -1;

  function show(index) {
    days[at]?.classList.remove("on");
    at = index;
    days[at]?.classList.add("on");
    readout.textContent = at < 0 ? readout.dataset.usual : told[at];
  }

  function point(event) {
    const { left, width } = svg.getBoundingClientRect();
    const index = Math.floor(((event.clientX - left) / width) * days.length);
    if (index !== at) show(Math.max(0, Math.min(days.length - 1, index)));
  }
  svg.addEventListener("pointermove", point);
  svg.addEventListener("pointerdown", point); // a finger that does not move
  svg.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && show(-1));
  svg.tabIndex = 0;
  svg.setAttribute("aria-description", "Arrow keys go from day to day.");
  svg.addEventListener("focus", () => svg.matches(":focus-visible") && at < 0 && show(days.length - 1));
  svg.addEventListener("blur", () => show(-1));
  svg.addEventListener("keydown", (event) => {
    const last = days.length - 1;
    const to = { ArrowLeft: Math.max(0, at - 1), ArrowRight: Math.min(last, at + 1), Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(to);
  });
}
