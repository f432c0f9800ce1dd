import { createStore } from "../store.js";

/** Whether pages keep themselves up to date; an operator who reads a table can hold it still. */
export const liveStore = createStore(true);
