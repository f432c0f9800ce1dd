import { useLayoutEffect, useState } from "react";

/** How wide an element is, in CSS pixels, now and whenever that changes. The first of the pair goes into its `ref`. */
export function useWidth<Element extends HTMLElement>(): [(element: Element | null) => void, number] {
  const [element, setElement] = useState<Element | null>(null);
  const [width, setWidth] = useState(600);
  useLayoutEffect(() => {
    if (element === null) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, width];
}
