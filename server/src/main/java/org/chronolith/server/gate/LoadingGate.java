package org.chronolith.server.gate;

import org.chronolith.server.command.Call;
import org.chronolith.server.command.Gate;

/** While the data set is being loaded, only commands that do not look at it. */
public final class LoadingGate implements Gate {
  private boolean loading;

  public boolean loading() {
    return loading;
  }

  public void loading(boolean value) {
    loading = value;
  }

  @Override
  public String refuse(Call call) {
    if (!loading || call.spec().isLoading()) {
      return null;
    }
    return "LOADING Redis is loading the dataset in memory";
  }
}
