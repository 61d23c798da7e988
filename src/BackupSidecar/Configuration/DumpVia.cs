namespace BackupSidecar.Configuration;

/// <summary>Where the tools of a database run.</summary>
internal enum DumpVia
{
    /// <summary>In the database's container where that is possible, else here.</summary>
    Auto,

    /// <summary>In the database's container.</summary>
    Exec,

    /// <summary>Here, over the network.</summary>
    Client,
}
