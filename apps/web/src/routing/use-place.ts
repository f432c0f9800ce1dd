import { useStore } from "../use-store.js";
import { type Place, placeStore } from "./location.js";

/** Where the dashboard is. */
export function usePlace(): Place {
  return useStore(placeStore);
}
