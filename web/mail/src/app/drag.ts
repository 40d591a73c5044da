// SPDX-License-Identifier: Apache-2.0
import {signal} from "@preact/signals";
import type {Id} from "../jmap/types.ts";

// The rows, or the folder, that are being dragged. (What the browser carries with a
// drag can be read only when it is dropped.)
export const draggedRows = signal<Id[] | undefined>(undefined);
export const draggedFolder = signal<Id | undefined>(undefined);
