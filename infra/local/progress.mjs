const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const quickMs = 300;

/**
 * Shows what a set-up is doing: a live line with elapsed time on a terminal, plain lines elsewhere.
 * `step(title, work)` runs `work` and returns its result; steps may overlap. A step that took no time worth
 * mentioning leaves no line when `skipQuick` is set.
 */
export function createProgress({ stream, skipQuick = false }) {
  const running = new Map();
  const live = Boolean(stream.isTTY) && !process.env.CI;
  let timer;
  let frame = 0;

  const clear = () => live && stream.write("\r\u001b[2K");
  const draw = () => {
    if (!live || running.size === 0) return;
    const [title, startedAt] = [...running].at(-1);
    frame = (frame + 1) % frames.length;
    clear();
    stream.write(`${frames[frame]} ${title} (${seconds(startedAt)})`);
  };

  const finish = (mark, title, startedAt) => {
    running.delete(title);
    if (running.size === 0) clearInterval(timer);
    if (mark === "✔" && skipQuick && Date.now() - startedAt < quickMs) return;
    clear();
    stream.write(`${mark} ${title} (${seconds(startedAt)})\n`);
    draw();
  };

  return {
    async step(title, work) {
      const startedAt = Date.now();
      if (live && running.size === 0) timer = setInterval(draw, 100);
      running.set(title, startedAt);
      draw();
      try {
        const result = await work();
        finish("✔", title, startedAt);
        return result;
      } catch (error) {
        finish("✘", title, startedAt);
        throw error;
      }
    },
    /** Prints a line above the live one. */
    note(line) {
      clear();
      stream.write(`${line}\n`);
      draw();
    },
  };
}

function seconds(startedAt) {
  const elapsed = (Date.now() - startedAt) / 1000;
  return elapsed < 10 ? `${elapsed.toFixed(1)} s` : `${Math.round(elapsed)} s`;
}
