"""What tests with a browser share: how it is started, and what makes text illegible."""

from __future__ import annotations

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# WCAG 2.1 contrast of every text with the background it stands on, as far as that is one colour.
LOW_CONTRAST = """
() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const luminance = rgb => { const [r, g, b] = rgb.slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const found = [];
  for (const element of document.querySelectorAll("main *, footer *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest("svg")) continue;
    let behind = element, background = null;
    while (behind && !background) {
      const colour = parse(getComputedStyle(behind).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) background = colour;
      behind = behind.parentElement;
    }
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(parse(style.color)), luminance(background)].sort((a, b) => b - a);
    const large = parseFloat(style.fontSize) >= 24;
    if ((light + 0.05) / (dark + 0.05) < (large ? 3 : 4.5)) found.push(element.outerHTML.slice(0, 120));
  }
  return found;
}
"""
