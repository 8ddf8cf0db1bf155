using System.Linq.Expressions;
using Microsoft.Extensions.DependencyInjection;

namespace Sheaf.Hosting;

/// <summary>Makes objects of one class of the user's, with constructor injection.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class CodeMaker
{
    private readonly Func<IServiceProvider, object> _make;

    public CodeMaker(Type type)
    {
        NeedsServices = type.GetConstructors().Any(constructor => constructor.GetParameters().Length > 0);
        if (!NeedsServices && type.GetConstructor([]) is { } constructor)
        {
            // A call of the constructor, and nothing else: a map makes one an input.
            Func<object> make = Expression.Lambda<Func<object>>(Expression.New(constructor)).Compile();
            _make = _ => make();
            return;
        }

        // A class that cannot be made is the failure of whoever wants one.
        Lazy<ObjectFactory> factory = new(() => ActivatorUtilities.CreateFactory(type, []));
        _make = services => factory.Value(services, []);
    }

    /// <summary>Whether the constructor asks for anything.</summary>
    public bool NeedsServices { get; }

    public object Make(IServiceProvider services) => _make(services);
}
