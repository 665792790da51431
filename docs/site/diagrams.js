// Draws each <pre class="mermaid"> in the colors of the page, and again when those change.
const diagrams = [...document.querySelectorAll("pre.mermaid")];
const darkScheme = matchMedia("(prefers-color-scheme: dark)");

const isDark = () => {
  const { theme } = document.body.dataset;
  return theme === "dark" || (theme !== "light" && darkScheme.matches);
};

const load = () =>
  new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("mermaid.js", import.meta.url);
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });

if (diagrams.length) {
  await load();
  const sources = diagrams.map((diagram) => diagram.textContent);
  const { fontFamily } = getComputedStyle(document.body);
  let colors;
  const draw = async () => {
    const theme = isDark() ? "dark" : "neutral";
    if (theme === colors) return;
    colors = theme;
    const size = { useMaxWidth: false };
    mermaid.initialize({ startOnLoad: false, theme, fontFamily, flowchart: size, sequence: size });
    for (const [number, diagram] of diagrams.entries()) {
      const { svg } = await mermaid.render(`diagram-${number}`, sources[number]);
      diagram.innerHTML = svg;
      diagram.classList.add("drawn");
    }
  };
  await draw();
  new MutationObserver(draw).observe(document.body, { attributeFilter: ["data-theme"] });
  darkScheme.addEventListener("change", draw);
}
