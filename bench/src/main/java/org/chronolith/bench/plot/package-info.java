/** Pictures of figures. Needs no display. */
package org.chronolith.bench.plot;
